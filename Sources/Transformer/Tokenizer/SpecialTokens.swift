import Core

/// The tokens that are looked for in a text before it is encoded: the leftmost first, of those the longest.
struct SpecialTokens: Sendable {
  private struct Entry: Sendable {
    let token: TokenID
    let bytes: [UInt8]
    let isUserDefined: Bool
  }

  /// Longest first, by their first byte.
  private var entries: [[Entry]] = Array(repeating: [], count: 256)
  private var beginsSpecial = [Bool](repeating: false, count: 256)
  private var beginsUserDefined = [Bool](repeating: false, count: 256)

  init(_ vocabulary: Vocabulary) {
    for (token, kind) in vocabulary.kinds.enumerated() where kind == .control || kind == .userDefined || kind == .unknown {
      let bytes = Array(vocabulary.bytes(of: TokenID(token)))
      guard let first = bytes.first else { continue }
      entries[Int(first)].append(Entry(token: TokenID(token), bytes: bytes, isUserDefined: kind == .userDefined))
      beginsSpecial[Int(first)] = true
      if kind == .userDefined { beginsUserDefined[Int(first)] = true }
    }
    for first in entries.indices {
      entries[first].sort { ($1.bytes.count, $0.token) < ($0.bytes.count, $1.token) }
    }
  }

  /// Where the next of them stands, and which it is. User-defined ones are text to the user and always looked for, the
  /// others only with `parseSpecial`.
  func next(
    in text: UnsafeBufferPointer<UInt8>, from start: Int, parseSpecial: Bool
  ) -> (token: TokenID, range: Range<Int>)? {
    let begins = parseSpecial ? beginsSpecial : beginsUserDefined
    return begins.withUnsafeBufferPointer { begins in
      for index in start..<text.count where begins[Int(text[index])] {
        for entry in entries[Int(text[index])] where parseSpecial || entry.isUserDefined {
          let end = index + entry.bytes.count
          if end <= text.count, text[index..<end].elementsEqual(entry.bytes) { return (entry.token, index..<end) }
        }
      }
      return nil
    }
  }
}
