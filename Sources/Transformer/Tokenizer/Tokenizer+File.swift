import Core

extension Tokenizer {
  /// The tokenizer that a model's file describes.
  public init(_ file: GGUFFile) throws(GGUFError) {
    let prefix = "tokenizer.ggml."
    let model = try file.text(prefix + "model")
    let isSentencePiece: Bool
    switch model {
    case "gpt2": isSentencePiece = false
    case "llama": isSentencePiece = true
    default: throw file.error(.unsupportedTokenizer(model))
    }

    let texts = try file.array(prefix + "tokens")
    guard texts.kind == .string, texts.count > 0, texts.count < 1 << 24 else {
      throw file.error(
        .wrongKind(key: prefix + "tokens", expected: "1 to \(1 << 24) strings", found: "\(texts.count) of \(texts.kind)"))
    }
    let kinds = try Self.kinds(in: file, count: texts.count)
    var vocabulary = Vocabulary(capacity: texts.count)
    var byteTokens = [TokenID](repeating: -1, count: 256)
    var bytes: [UInt8] = []
    texts.forEachString { text in
      let token = vocabulary.count
      let kind = kinds[token]
      bytes.removeAll(keepingCapacity: true)
      if kind == .byte, let byte = Self.byte(spelt: text) {
        byteTokens[Int(byte)] = TokenID(token)
        bytes = [byte]
      } else if isSentencePiece {
        Self.unescape(text, into: &bytes)
      } else if kind == .normal || kind == .unused {
        ByteAlphabet.decode(text, into: &bytes)
      } else {
        bytes.append(contentsOf: text)
      }
      vocabulary.append(bytes, kind: kind)
    }

    func special(_ name: String) throws(GGUFError) -> TokenID? {
      let key = prefix + name + "_token_id"
      let number = try file.integer(key, or: -1)
      // Converters write −1 or 2³² − 1 for “none”.
      guard number >= 0 && number != 0xffff_ffff else { return nil }
      guard number < texts.count else {
        throw file.error(.outOfRange(key: key, value: "\(number)", allowed: "0 to \(texts.count - 1)"))
      }
      return TokenID(number)
    }

    let encoder: Encoder
    if isSentencePiece {
      let scores = try file.array(prefix + "scores")
      guard let floats = scores.floats else {
        throw file.error(.wrongKind(key: prefix + "scores", expected: "array of float32", found: "array of \(scores.kind)"))
      }
      guard floats.count == texts.count else {
        throw file.error(.lengthMismatch(key: prefix + "scores", count: floats.count, expected: texts.count))
      }
      // Found by their text as written, with `▁`: what the encoder sees.
      var written = Vocabulary(capacity: texts.count)
      texts.forEachString { written.append($0, kind: kinds[written.count]) }
      written.makeFindable { $0 == .normal || $0 == .userDefined || $0 == .unused }
      encoder = .sentencePieces(
        SentencePieceEncoder(pieces: written, scores: floats, byteTokens: byteTokens, unknown: try special("unknown")))
    } else {
      let merges = try file.array(prefix + "merges")
      guard merges.kind == .string || merges.count == 0 else {
        throw file.error(.wrongKind(key: prefix + "merges", expected: "array of string", found: "array of \(merges.kind)"))
      }
      vocabulary.makeFindable { $0 == .normal || $0 == .unused }
      let name = try file.text(prefix + "pre", or: "default")
      guard let preTokenizer = PreTokenizer(named: name) else { throw file.error(.unsupportedPreTokenizer(name)) }
      let isByteLevel = merges.count == 0 && (0...255).allSatisfy { vocabulary.token([UInt8($0)]) == TokenID($0) }
      encoder =
        isByteLevel ? .bytes : .bytePairs(BytePairEncoder(vocabulary: vocabulary, merges: merges, preTokenizer: preTokenizer))
    }

    self.vocabulary = vocabulary
    self.model = model
    self.encoder = encoder
    beginOfText = try special("bos")
    endOfText = try special("eos")
    addsBeginOfText = try file.truth(prefix + "add_bos_token", or: isSentencePiece)
    addsSpace = isSentencePiece ? try file.truth(prefix + "add_space_prefix", or: true) : false
    specials = SpecialTokens(vocabulary)
    var ends = Set([endOfText, try special("eot"), try special("eom")].compactMap { $0 })
    for (token, kind) in vocabulary.kinds.enumerated() where kind == .control || kind == .userDefined {
      let text = String(decoding: vocabulary.bytes(of: TokenID(token)), as: UTF8.self)
      if Self.endings.contains(text) { ends.insert(TokenID(token)) }
    }
    endsOfGeneration = ends.sorted()
  }

  /// How the families spell the end of a turn or of a text; a file's `eos` names one of them only.
  private static let endings: Set<String> = [
    "<|endoftext|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|end|>", "</s>", "<|endofturn|>",
    "<reponame>",
  ]

  private static func kinds(in file: GGUFFile, count: Int) throws(GGUFError) -> [TokenKind] {
    let key = "tokenizer.ggml.token_type"
    guard file[key] != nil else { return [TokenKind](repeating: .normal, count: count) }
    let array = try file.array(key)
    guard let numbers = array.integers else {
      throw file.error(.wrongKind(key: key, expected: "array of integers", found: "array of \(array.kind)"))
    }
    guard numbers.count == count else {
      throw file.error(.lengthMismatch(key: key, count: numbers.count, expected: count))
    }
    return numbers.map { TokenKind(rawValue: $0) ?? .normal }
  }

  /// `<0x0A>` is byte 10.
  private static func byte(spelt text: UnsafeRawBufferPointer) -> UInt8? {
    guard text.count == 6, text.prefix(3).elementsEqual("<0x".utf8), text[5] == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: text[3..<5], as: UTF8.self), radix: 16)
  }

  private static func unescape(_ text: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
    var index = 0
    while index < text.count {
      if index + 3 <= text.count, text[index..<index + 3].elementsEqual(SentencePieceEncoder.space) {
        bytes.append(0x20)
        index += 3
      } else {
        bytes.append(text[index])
        index += 1
      }
    }
  }
}

extension GGUFWriter {
  /// The tokenizer of a byte-level model: ids 0–255 are the bytes, then `specials` in order. It is spelt as a byte-level BPE
  /// without merges, so that other programs read it too.
  public mutating func setByteTokenizer(specials: [String], beginOfText: String, endOfText: String) {
    let tokens = (0...255).map { ByteAlphabet.encode([UInt8($0)]) } + specials
    self["tokenizer.ggml.model"] = .string("gpt2")
    self["tokenizer.ggml.pre"] = .string("gpt-2")
    self["tokenizer.ggml.tokens"] = .array(GGUFArray(tokens))
    self["tokenizer.ggml.token_type"] = .array(
      GGUFArray([Int32](repeating: 1, count: 256) + [Int32](repeating: 3, count: specials.count)))
    self["tokenizer.ggml.merges"] = .array(GGUFArray([String]()))
    self["tokenizer.ggml.add_bos_token"] = .bool(true)
    for (name, text) in [("bos", beginOfText), ("eos", endOfText)] {
      guard let index = specials.firstIndex(of: text) else { continue }
      self["tokenizer.ggml.\(name)_token_id"] = .uint32(UInt32(256 + index))
    }
  }
}
