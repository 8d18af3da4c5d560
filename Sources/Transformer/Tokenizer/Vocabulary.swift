import Core

/// What a token is for, as numbered in the file.
public enum TokenKind: Int, Sendable {
  case normal = 1
  case unknown, control, userDefined, unused, byte
}

/// The tokens of a model: the bytes each stands for, and its kind.
///
/// All bytes lie in one buffer, so that a vocabulary of 150,000 tokens is five allocations.
public struct Vocabulary: Sendable {
  private var storage: [UInt8] = []
  /// Of each token in `storage`, and one more for the end.
  private var offsets: [Int32] = [0]
  private(set) public var kinds: [TokenKind] = []
  /// Of the longest token.
  private(set) public var byteCountLargest = 0
  private var table = TokenTable()

  init(capacity: Int) {
    offsets.reserveCapacity(capacity + 1)
    kinds.reserveCapacity(capacity)
  }

  public var count: Int { kinds.count }

  /// What the token adds to a text; for special tokens, the text that stands for them.
  public func bytes(of token: TokenID) -> ArraySlice<UInt8> {
    storage[Int(offsets[Int(token)])..<Int(offsets[Int(token) + 1])]
  }

  public func contains(_ token: TokenID) -> Bool { token >= 0 && Int(token) < count }

  /// Special tokens steer the model and are no text.
  public func isSpecial(_ token: TokenID) -> Bool {
    switch kinds[Int(token)] {
    case .control, .unknown: true
    case .normal, .userDefined, .unused, .byte: false
    }
  }

  mutating func append(_ bytes: some Sequence<UInt8>, kind: TokenKind) {
    storage.append(contentsOf: bytes)
    byteCountLargest = max(byteCountLargest, storage.count - Int(offsets.last!))
    offsets.append(Int32(storage.count))
    kinds.append(kind)
  }

  /// Makes the tokens that text can become findable by their bytes; the last of equal ones wins, as in the peer.
  mutating func makeFindable(where isText: (TokenKind) -> Bool) {
    table = TokenTable(capacity: count)
    for token in 0..<count where isText(kinds[token]) && offsets[token] < offsets[token + 1] {
      let range = Int(offsets[token])..<Int(offsets[token + 1])
      storage.withUnsafeBytes { bytes in
        let hash = TokenTable.hash(UnsafeRawBufferPointer(rebasing: bytes[range]))
        table.insert(TokenID(token), hash: hash) { other in
          let theirs = Int(offsets[Int(other)])..<Int(offsets[Int(other) + 1])
          return theirs.count == range.count && bytes[theirs].elementsEqual(bytes[range])
        }
      }
    }
  }

  /// The token whose bytes are exactly these; nil when there is none.
  func token(_ bytes: UnsafeRawBufferPointer) -> TokenID? {
    guard !bytes.isEmpty, bytes.count <= byteCountLargest else { return nil }
    return storage.withUnsafeBytes { storage in
      offsets.withUnsafeBufferPointer { offsets in
        table.find(TokenTable.hash(bytes)) { token in
          let start = Int(offsets[Int(token)])
          guard Int(offsets[Int(token) + 1]) - start == bytes.count else { return false }
          for index in 0..<bytes.count where storage[start + index] != bytes[index] { return false }
          return true
        }
      }
    }
  }

  func token(_ bytes: [UInt8]) -> TokenID? { bytes.withUnsafeBytes { token($0) } }
}

/// Tokens by the hash of their bytes: open addressing, at most half full.
struct TokenTable: Sendable {
  private var slots: [TokenID] = []
  private var mask = 0

  init() {}

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = [TokenID](repeating: -1, count: size)
    mask = size - 1
  }

  /// Bytes eight at a time, each word mixed in fully, so that chosen names cannot crowd one slot cheaply.
  static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: bytes.count)
    var index = 0
    while index + 8 <= bytes.count {
      hash = Digest.mix(hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var tail: UInt64 = 0
    while index < bytes.count {
      tail = tail << 8 | UInt64(bytes[index])
      index += 1
    }
    return Digest.mix(hash &+ 0x9e37_79b9_7f4a_7c15 ^ tail)
  }

  mutating func insert(_ token: TokenID, hash: UInt64, isSame: (TokenID) -> Bool) {
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] >= 0 && !isSame(slots[slot]) { slot = (slot + 1) & mask }
    slots[slot] = token
  }

  @inline(__always)
  func find(_ hash: UInt64, isSame: (TokenID) -> Bool) -> TokenID? {
    guard !slots.isEmpty else { return nil }
    return slots.withUnsafeBufferPointer { slots in
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] >= 0 {
        if isSame(slots[slot]) { return slots[slot] }
        slot = (slot + 1) & mask
      }
      return nil
    }
  }
}
