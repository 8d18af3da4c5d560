import Core

/// Tokens to text while they are made: holds back the bytes of a character until it is whole.
///
/// ```swift
/// var decoder = TextDecoder(tokenizer)
/// for token in tokens { show(decoder.feed(token)) }
/// show(decoder.finish())
/// ```
public struct TextDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let showsSpecial: Bool
  private var pending: [UInt8] = []
  /// SentencePiece: the next text begins with the space that encoding added.
  private var dropsSpace: Bool

  public init(_ tokenizer: Tokenizer, showsSpecial: Bool = true) {
    self.tokenizer = tokenizer
    self.showsSpecial = showsSpecial
    dropsSpace = tokenizer.addsSpace
  }

  /// The text that is certain after this token; often a word, sometimes nothing. Ids outside the vocabulary are nothing.
  public mutating func feed(_ token: TokenID) -> String {
    guard tokenizer.vocabulary.contains(token) else { return "" }
    let kind = tokenizer.vocabulary.kinds[Int(token)]
    var bytes = tokenizer.bytes(of: token)
    if tokenizer.vocabulary.isSpecial(token) || kind == .userDefined {
      dropsSpace = tokenizer.addsSpace
      if kind != .userDefined && !showsSpecial { return "" }
    } else {
      if dropsSpace && bytes.first == 0x20 { bytes = bytes.dropFirst() }
      dropsSpace = false
    }
    pending += bytes
    let held = Self.unfinished(pending)
    let text = String(decoding: pending.dropLast(held), as: UTF8.self)
    pending.removeFirst(pending.count - held)
    return text
  }

  /// What was held back, if the tokens end inside a character.
  public mutating func finish() -> String {
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// How many bytes at the end begin a character that more bytes could finish.
  static func unfinished(_ bytes: [UInt8]) -> Int {
    for count in 1...4 where count <= bytes.count {
      let byte = bytes[bytes.count - count]
      if byte & 0xc0 == 0x80 { continue }
      let length = byte < 0xc2 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 1
      guard length > count else { return 0 }
      // A second byte that cannot follow its lead makes the character invalid now.
      if count > 1 {
        let second = bytes[bytes.count - count + 1]
        switch byte {
        case 0xe0 where second < 0xa0, 0xed where second > 0x9f, 0xf0 where second < 0x90, 0xf4 where second > 0x8f: return 0
        default: break
        }
      }
      return count
    }
    return 0
  }
}
