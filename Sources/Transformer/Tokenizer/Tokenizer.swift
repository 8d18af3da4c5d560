import Core

/// Text to tokens and back, as the model's file says.
///
/// ```swift
/// let tokenizer = try Tokenizer(file)
/// let tokens = tokenizer.encode("Hello, world!")        // [19556, 28, 905, 17]
/// tokenizer.decode(tokens)                              // "Hello, world!"
/// ```
///
/// Neither direction ever adds what marks the beginning or the end of a text; `promptTokens(_:)` does where the file asks
/// for it.
public struct Tokenizer: Sendable {
  enum Encoder: Sendable {
    case bytePairs(BytePairEncoder)
    case sentencePieces(SentencePieceEncoder)
    /// Every byte is the token of its own number.
    case bytes
  }

  public let vocabulary: Vocabulary
  /// As in the file: `gpt2` or `llama`.
  public let model: String
  public let beginOfText: TokenID?
  public let endOfText: TokenID?
  /// The file asks for `beginOfText` before every prompt.
  public let addsBeginOfText: Bool
  /// Any of these ends a generation. In rising order.
  public let endsOfGeneration: [TokenID]
  /// SentencePiece writes a space before the text and after each special token.
  let addsSpace: Bool
  let encoder: Encoder
  let specials: SpecialTokens

  /// With `parseSpecial`, special tokens that are spelt out in the text become those tokens; otherwise they are text.
  /// Tokens that the file's author defined as text are found either way.
  public func encode(_ text: String, parseSpecial: Bool = false) -> [TokenID] {
    var text = text
    return text.withUTF8 { encode(utf8: $0, parseSpecial: parseSpecial) }
  }

  /// `text` must be valid UTF-8.
  private func encode(utf8 text: UnsafeBufferPointer<UInt8>, parseSpecial: Bool) -> [TokenID] {
    var tokens: [TokenID] = []
    tokens.reserveCapacity(text.count / 3)
    var start = 0
    while start < text.count {
      let special = specials.next(in: text, from: start, parseSpecial: parseSpecial)
      let end = special?.range.lowerBound ?? text.count
      if start < end { encode(plain: UnsafeBufferPointer(rebasing: text[start..<end]), into: &tokens) }
      if let special { tokens.append(special.token) }
      start = special?.range.upperBound ?? text.count
    }
    return tokens
  }

  private func encode(plain text: UnsafeBufferPointer<UInt8>, into tokens: inout [TokenID]) {
    switch encoder {
    case .bytes: for byte in text { tokens.append(TokenID(byte)) }
    case .bytePairs(let encoder): encoder.encode(text, vocabulary: vocabulary, into: &tokens)
    case .sentencePieces(let encoder):
      var escaped: [UInt8] = addsSpace ? SentencePieceEncoder.space : []
      escaped.reserveCapacity(text.count * 3 / 2 + 3)
      for byte in text {
        if byte == 0x20 { escaped += SentencePieceEncoder.space } else { escaped.append(byte) }
      }
      escaped.withUnsafeBufferPointer { encoder.encode($0, into: &tokens) }
    }
  }

  /// The tokens of a prompt as the model expects them: with the mark of the beginning where the file asks for one and the
  /// text has none.
  public func promptTokens(_ text: String, parseSpecial: Bool = true) -> [TokenID] {
    let tokens = encode(text, parseSpecial: parseSpecial)
    guard addsBeginOfText, let beginOfText, tokens.first != beginOfText else { return tokens }
    return [beginOfText] + tokens
  }

  /// The text of tokens; with `showsSpecial`, special ones as they are spelt, otherwise without them. Bytes that are no
  /// UTF-8 show as U+FFFD.
  public func decode(_ tokens: some Sequence<TokenID>, showsSpecial: Bool = true) -> String {
    var decoder = TextDecoder(self, showsSpecial: showsSpecial)
    var text = ""
    for token in tokens { text += decoder.feed(token) }
    return text + decoder.finish()
  }

  /// The bytes that a token adds to a text, whatever stands before it.
  public func bytes(of token: TokenID) -> ArraySlice<UInt8> { vocabulary.bytes(of: token) }

  public func endsGeneration(_ token: TokenID) -> Bool { endsOfGeneration.contains(token) }
}
