import Core
import Testing

@testable import Transformer

@Suite("Tokenizer")
struct TokenizerTests {
  /// Sennrich's loop as in the paper: find the best pair, merge the leftmost, again.
  private func naive(_ piece: [UInt8], _ tokenizer: Tokenizer, _ merges: [String]) -> [TokenID] {
    var parts = piece.map { ByteAlphabet.encode([$0]) }
    while true {
      let ranks = zip(parts, parts.dropFirst()).map { merges.firstIndex(of: "\($0) \($1)") ?? .max }
      guard let best = ranks.min(), best < .max, let place = ranks.firstIndex(of: best) else { break }
      parts[place] += parts.remove(at: place + 1)
    }
    var bytes: [UInt8] = []
    return parts.map { part in
      bytes = []
      Array(part.utf8).withUnsafeBytes { ByteAlphabet.decode($0, into: &bytes) }
      return tokenizer.vocabulary.token(bytes)!
    }
  }

  @Test("byte pairs are merged as the paper says")
  func bytePairs() throws {
    let file = try file(bytePairFile(corpus: ["aab", "abab", "ba", "bb", "abba", "aaaa"]).bytes)
    let tokenizer = try Tokenizer(file)
    let merges = try #require(file["tokenizer.ggml.merges"]?.array?.strings)
    for seed in 0..<500 {
      var random = SplitMix(seed: UInt64(seed), purpose: "merges")
      let text = (0..<random.below(40)).map { _ in random.element(of: ["a", "b"]) }.joined()
      #expect(tokenizer.encode(text) == naive(Array(text.utf8), tokenizer, merges), "seed \(seed): \(text)")
    }
  }

  static let files: [(String, [UInt8])] = [
    ("gpt-2", bytePairFile().bytes), ("smollm", bytePairFile(pre: "smollm", specials: ["<|im_end|>"]).bytes),
    ("llama-bpe", bytePairFile(pre: "llama-bpe").bytes), ("qwen2", bytePairFile(pre: "qwen2").bytes),
    ("sentence pieces", sentencePieceFile(["▁", "t", "h", "e", "th", "the", "▁the", "日", "▁a", "ï"]).bytes),
    ("bytes", byteFile),
  ]

  static var byteFile: [UInt8] {
    var writer = GGUFWriter()
    writer.setByteTokenizer(specials: ["<s>", "</s>"], beginOfText: "<s>", endOfText: "</s>")
    return writer.bytes
  }

  @Test("any text comes back", arguments: files)
  func roundTrip(name: String, bytes: [UInt8]) throws {
    let tokenizer = try Tokenizer(file(bytes))
    for seed in 0..<1_000 {
      var random = SplitMix(seed: UInt64(seed), purpose: "round trip")
      let text = random.text(upTo: 20).replacing("▁", with: "_")
      for parseSpecial in [false, true] {
        let tokens = tokenizer.encode(text, parseSpecial: parseSpecial)
        #expect(Array(tokenizer.decode(tokens).utf8) == Array(text.utf8), "seed \(seed), \(name)")
      }
    }
  }

  @Test("decoding one by one gives the text of decoding at once, whole characters only", arguments: files)
  func streaming(name: String, bytes: [UInt8]) throws {
    let tokenizer = try Tokenizer(file(bytes))
    for seed in 0..<200 {
      var random = SplitMix(seed: UInt64(seed), purpose: "streaming")
      let tokens = (0..<30).map { _ in TokenID(random.below(tokenizer.vocabulary.count)) }
      var decoder = TextDecoder(tokenizer)
      let pieces = tokens.map { decoder.feed($0) } + [decoder.finish()]
      // Invalid bytes are replaced as by the standard library over the whole.
      var all: [UInt8] = []
      for token in tokens { all += tokenizer.bytes(of: token) }
      if !tokenizer.addsSpace { #expect(pieces.joined() == String(decoding: all, as: UTF8.self), "seed \(seed), \(name)") }
    }
    var decoder = TextDecoder(tokenizer)
    let shown = tokenizer.encode("é🙂").map { decoder.feed($0) }.filter { !$0.isEmpty }
    #expect(shown.joined() == "é🙂")
    #expect(shown.allSatisfy { !$0.unicodeScalars.contains("\u{fffd}") })
  }

  @Test("special tokens are found only when asked for; the leftmost first, of those the longest")
  func specials() throws {
    let tokenizer = try Tokenizer(file(bytePairFile(specials: ["<|a|>", "<|a|>b", "|>"]).bytes))
    let first = TokenID(tokenizer.vocabulary.count - 3)
    #expect(tokenizer.encode("<|a|><|a|>b|>", parseSpecial: true) == [first, first + 1, first + 2])
    #expect(tokenizer.encode("<|a|>", parseSpecial: false).allSatisfy { $0 < first })
    #expect(tokenizer.decode([first, 65, first + 1], showsSpecial: true) == "<|a|>A<|a|>b")
    #expect(tokenizer.decode([first, 65, first + 1], showsSpecial: false) == "A")
  }

  @Test("sentence pieces: a space before the text, the best score first, bytes where no piece is")
  func sentencePieces() throws {
    let tokenizer = try Tokenizer(file(sentencePieceFile(["the", "▁the", "th", "▁t", "he", "t", "h", "e", "▁"]).bytes))
    func spelt(_ tokens: [TokenID]) -> [String] { tokens.map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) } }
    // "th" and "he" are known, but "the" needs one of them: "th" has the better score.
    #expect(spelt(tokenizer.encode("the")) == [" the"])
    #expect(tokenizer.encode("é") == [267, 3 + 0xc3, 3 + 0xa9])
    #expect(tokenizer.encode("") == [])
    #expect(tokenizer.promptTokens("the").first == 1)
    #expect(tokenizer.decode(tokenizer.encode("<s> the", parseSpecial: true)) == "<s> the")
    #expect(tokenizer.endsOfGeneration == [2])
  }

  @Test("sentence pieces without bytes: what is not known is the unknown token")
  func unknown() throws {
    let tokenizer = try Tokenizer(file(sentencePieceFile(["▁", "a"], hasBytes: false).bytes))
    #expect(tokenizer.encode("aé") == [3, 4, 0, 0])
  }

  @Test("a byte-level model: every byte is its own token, ends are marked")
  func bytes() throws {
    let tokenizer = try Tokenizer(file(Self.byteFile))
    guard case .bytes = tokenizer.encoder else { return #expect(Bool(false), "merges of a file without any") }
    #expect(tokenizer.encode("Aé") == [65, 0xc3, 0xa9])
    #expect(tokenizer.promptTokens("A") == [256, 65])
    #expect(tokenizer.endsGeneration(257) && !tokenizer.endsGeneration(256))
    #expect(tokenizer.vocabulary.count == 258)
  }

  @Test("a long piece of one letter takes no quadratic time")
  func longPiece() throws {
    let tokenizer = try Tokenizer(file(bytePairFile(corpus: ["aa"]).bytes))
    let text = String(repeating: "a", count: 400_000)
    let clock = ContinuousClock()
    let time = clock.measure { #expect(tokenizer.encode(text).count == 200_000) }
    #expect(time < .seconds(5))
  }

  @Test("what the metadata gets wrong is one line")
  func damage() throws {
    func problem(_ change: (inout GGUFWriter) -> Void) -> GGUFError.Problem? {
      var writer = bytePairFile()
      change(&writer)
      do throws(GGUFError) {
        _ = try Tokenizer(GGUFFile(MappedFile(name: "t", bytes: writer.bytes)))
        return nil
      } catch { return error.problem }
    }
    let count = try Tokenizer(file(bytePairFile().bytes)).vocabulary.count
    #expect(problem { $0["tokenizer.ggml.model"] = .string("bert") } == .unsupportedTokenizer("bert"))
    #expect(problem { $0["tokenizer.ggml.pre"] = .string("tekken") } == .unsupportedPreTokenizer("tekken"))
    #expect(problem { $0["tokenizer.ggml.tokens"] = nil } == .missingKey("tokenizer.ggml.tokens"))
    #expect(
      problem { $0["tokenizer.ggml.token_type"] = .array(GGUFArray([1] as [Int32])) }
        == .lengthMismatch(key: "tokenizer.ggml.token_type", count: 1, expected: count))
    #expect(
      problem { $0["tokenizer.ggml.eos_token_id"] = .uint32(9_999) }
        == .outOfRange(key: "tokenizer.ggml.eos_token_id", value: "9999", allowed: "0 to \(count - 1)"))
    #expect(
      problem { $0["tokenizer.ggml.merges"] = .string("a b") }
        == .wrongKind(key: "tokenizer.ggml.merges", expected: "an array", found: "string"))
  }
}
