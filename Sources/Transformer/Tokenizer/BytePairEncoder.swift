import Core

/// Byte-level byte-pair encoding: text is cut into pieces, the bytes of a piece are tokens, and the pair of neighbours that
/// was merged first in training is merged first here, until no pair is left that ever was.
///
/// Bytes for which the vocabulary has no token are left out, as in the peer; a full alphabet of 256 has none such.
///
/// - Source: Sennrich, Haddow & Birch 2016, "Neural Machine Translation of Rare Words with Subword Units", algorithm 1.
/// - Complexity: n log n in the bytes of a piece.
struct BytePairEncoder: Sendable {
  let preTokenizer: PreTokenizer
  /// A piece that is a token is that token, whatever the merges say (Llama 3).
  let prefersWholePieces: Bool
  private let byteTokens: [TokenID]
  private let merges: MergeTable

  init(vocabulary: Vocabulary, merges: GGUFArray, preTokenizer: PreTokenizer) {
    self.preTokenizer = preTokenizer
    prefersWholePieces = preTokenizer == .llama3
    byteTokens = (0...255).map { vocabulary.token([UInt8($0)]) ?? -1 }
    var table = MergeTable(capacity: merges.count)
    var rank: UInt32 = 0
    var pair: [UInt8] = []
    merges.forEachString { text in
      defer { rank += 1 }
      // The first byte may be a space that is no separator only in damaged files.
      guard let separator = text.dropFirst().firstIndex(of: 0x20) else { return }
      pair.removeAll(keepingCapacity: true)
      ByteAlphabet.decode(UnsafeRawBufferPointer(rebasing: text[..<separator]), into: &pair)
      let leftCount = pair.count
      ByteAlphabet.decode(UnsafeRawBufferPointer(rebasing: text[(separator + 1)...]), into: &pair)
      pair.withUnsafeBytes { pair in
        // A merge of what is not in the vocabulary can never happen.
        guard let left = vocabulary.token(UnsafeRawBufferPointer(rebasing: pair[..<leftCount])),
          let right = vocabulary.token(UnsafeRawBufferPointer(rebasing: pair[leftCount...])),
          let merged = vocabulary.token(pair)
        else { return }
        table.insert(left: left, right: right, rank: rank, merged: merged)
      }
    }
    self.merges = table
  }

  func encode(_ text: UnsafeBufferPointer<UInt8>, vocabulary: Vocabulary, into tokens: inout [TokenID]) {
    var work = Work()
    var start = 0
    while start < text.count {
      let end = preTokenizer.end(ofPieceAt: start, in: text)
      let piece = UnsafeBufferPointer(rebasing: text[start..<end])
      start = end
      if piece.count == 1 {
        if byteTokens[Int(piece[0])] >= 0 { tokens.append(byteTokens[Int(piece[0])]) }
      } else if prefersWholePieces, let token = vocabulary.token(UnsafeRawBufferPointer(piece)) {
        tokens.append(token)
      } else {
        merge(piece, &work, into: &tokens)
      }
    }
  }

  /// Kept between pieces, so that their storage is made once.
  private struct Work {
    var symbols: [Symbol] = []
    var queue = MergeQueue()
  }

  private func merge(_ piece: UnsafeBufferPointer<UInt8>, _ work: inout Work, into tokens: inout [TokenID]) {
    work.symbols.removeAll(keepingCapacity: true)
    work.queue.removeAll()
    for (index, byte) in piece.enumerated() {
      let next = index + 1 < piece.count ? Int32(index + 1) : -1
      work.symbols.append(Symbol(token: byteTokens[Int(byte)], previous: Int32(index) - 1, next: next, byteCount: 1))
    }
    for index in 0..<piece.count - 1 { queue(Int32(index), &work) }
    while let pair = work.queue.popBest() {
      let left = Int(pair.left)
      let right = Int(work.symbols[left].next)
      guard work.symbols[left].byteCount > 0, right >= 0,
        let merge = merges.find(work.symbols[left].token, work.symbols[right].token), merge.rank == pair.rank
      else { continue }
      work.symbols[left].token = merge.merged
      work.symbols[left].next = work.symbols[right].next
      work.symbols[right].byteCount = 0
      if work.symbols[right].next >= 0 { work.symbols[Int(work.symbols[right].next)].previous = pair.left }
      if work.symbols[left].previous >= 0 { queue(work.symbols[left].previous, &work) }
      queue(pair.left, &work)
    }
    var index = 0
    while index >= 0 {
      if work.symbols[index].token >= 0 { tokens.append(work.symbols[index].token) }
      index = Int(work.symbols[index].next)
    }
  }

  @inline(__always)
  private func queue(_ left: Int32, _ work: inout Work) {
    let symbol = work.symbols[Int(left)]
    guard symbol.next >= 0, let merge = merges.find(symbol.token, work.symbols[Int(symbol.next)].token) else { return }
    work.queue.append(.init(rank: merge.rank, left: left, check: 0))
  }
}

/// What two neighbouring tokens become, and when that was learnt: open addressing, at most half full.
private struct MergeTable: Sendable {
  struct Slot {
    var pair: UInt64
    var rank: UInt32
    var merged: TokenID
  }

  private static let vacant = UInt64.max
  private var slots: [Slot]
  private let mask: Int

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = [Slot](repeating: Slot(pair: Self.vacant, rank: 0, merged: 0), count: size)
    mask = size - 1
  }

  @inline(__always)
  private static func pair(_ left: TokenID, _ right: TokenID) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// The first of equal pairs stays.
  mutating func insert(left: TokenID, right: TokenID, rank: UInt32, merged: TokenID) {
    let pair = Self.pair(left, right)
    var slot = Int(truncatingIfNeeded: Digest.mix(pair)) & mask
    while slots[slot].pair != Self.vacant {
      if slots[slot].pair == pair { return }
      slot = (slot + 1) & mask
    }
    slots[slot] = Slot(pair: pair, rank: rank, merged: merged)
  }

  @inline(__always)
  func find(_ left: TokenID, _ right: TokenID) -> (rank: UInt32, merged: TokenID)? {
    guard left >= 0 && right >= 0 else { return nil }
    let pair = Self.pair(left, right)
    return slots.withUnsafeBufferPointer { slots in
      var slot = Int(truncatingIfNeeded: Digest.mix(pair)) & mask
      while true {
        let found = slots[slot]
        if found.pair == pair { return (found.rank, found.merged) }
        if found.pair == Self.vacant { return nil }
        slot = (slot + 1) & mask
      }
    }
  }
}
