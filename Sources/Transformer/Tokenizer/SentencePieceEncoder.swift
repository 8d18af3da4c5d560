import Core

/// SentencePiece's byte-pair encoding: characters are symbols, and the neighbours whose union is the token of the highest
/// score are merged first. A space is written `▁` (U+2581); characters without a token become the tokens of their bytes.
///
/// A text that holds `▁` itself comes back with spaces there: the vocabulary cannot tell them apart.
///
/// - Source: Kudo & Richardson 2018, "SentencePiece", section 3; the peer's order of equal scores (leftmost first).
/// - Complexity: n log n in the bytes of the text.
struct SentencePieceEncoder: Sendable {
  /// The tokens that text can become, as they are written.
  private let pieces: Vocabulary
  /// Of each token, turned round so that lower is better.
  private let ranks: [UInt32]
  /// The tokens of the 256 bytes, or −1.
  private let byteTokens: [TokenID]
  private let unknown: TokenID?

  static let space: [UInt8] = [0xe2, 0x96, 0x81]

  init(pieces: Vocabulary, scores: [Float], byteTokens: [TokenID], unknown: TokenID?) {
    ranks = scores.map { score in
      // Floats of one sign are ordered as their bits are; NaN is the worst.
      let bits = (score.isNaN ? -Float.infinity : score + 0).bitPattern
      return ~(bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits)
    }
    self.pieces = pieces
    self.byteTokens = byteTokens
    self.unknown = unknown
  }

  /// `text` has its spaces as `▁` already.
  func encode(_ text: UnsafeBufferPointer<UInt8>, into tokens: inout [TokenID]) {
    var symbols: [Symbol] = []
    var starts: [Int32] = []
    symbols.reserveCapacity(text.count)
    starts.reserveCapacity(text.count)
    var start = 0
    while start < text.count {
      let lead = text[start]
      let length = min(lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4, text.count - start)
      let index = Int32(symbols.count)
      symbols.append(
        Symbol(token: -1, previous: index - 1, next: start + length < text.count ? index + 1 : -1, byteCount: Int32(length)))
      starts.append(Int32(start))
      start += length
    }
    func token(at start: Int32, _ byteCount: Int32) -> TokenID? {
      pieces.token(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[Int(start)..<Int(start + byteCount)]))
    }
    var pairs = MergeQueue()
    func queue(_ left: Int32) {
      let next = symbols[Int(left)].next
      guard left >= 0, next >= 0 else { return }
      let byteCount = symbols[Int(left)].byteCount + symbols[Int(next)].byteCount
      guard let token = token(at: starts[Int(left)], byteCount) else { return }
      pairs.append(.init(rank: ranks[Int(token)], left: left, check: byteCount))
    }
    for index in symbols.indices { queue(Int32(index)) }
    while let pair = pairs.popBest() {
      let left = Int(pair.left)
      let right = Int(symbols[left].next)
      guard right >= 0, symbols[left].byteCount > 0, symbols[left].byteCount + symbols[right].byteCount == pair.check else {
        continue
      }
      symbols[left].byteCount = pair.check
      symbols[left].next = symbols[right].next
      symbols[right].byteCount = 0
      if symbols[right].next >= 0 { symbols[Int(symbols[right].next)].previous = pair.left }
      if symbols[left].previous >= 0 { queue(symbols[left].previous) }
      queue(pair.left)
    }
    var index = symbols.isEmpty ? -1 : 0
    while index >= 0 {
      let (start, byteCount) = (starts[index], symbols[index].byteCount)
      if let token = token(at: start, byteCount) {
        tokens.append(token)
      } else {
        for byte in text[Int(start)..<Int(start + byteCount)] {
          if byteTokens[Int(byte)] >= 0 {
            tokens.append(byteTokens[Int(byte)])
          } else if let unknown {
            tokens.append(unknown)
          }
        }
      }
      index = Int(symbols[index].next)
    }
  }
}
