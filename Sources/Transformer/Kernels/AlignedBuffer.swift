import Core

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Memory on a cache line's boundary, freed with its last owner.
///
/// A class because kernels on several threads write into it by address.
final class AlignedBuffer: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int
  /// Whose part this is; nil when it is nobody's.
  private let whole: AlignedBuffer?

  /// - Parameter isZeroed: Whether bytes begin as zeros; otherwise pages that nobody writes cost nothing.
  init(bytes: Int, isZeroed: Bool = true) {
    count = bytes
    whole = nil
    let isLarge = bytes >= Self.pageBytes
    let room = isLarge ? (bytes + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes : max(bytes, 64)
    base = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: isLarge ? Self.pageBytes : 64)
    #if os(Linux)
      // Without large pages, reading the weights of a small model costs a quarter more time.
      if isLarge { _ = madvise(base, room, 14 /* MADV_HUGEPAGE */) }
    #endif
    if isZeroed { base.initializeMemory(as: UInt8.self, repeating: 0, count: room) }
  }

  fileprivate init(_ whole: AlignedBuffer, offset: Int, bytes: Int) {
    base = whole.base + offset
    count = bytes
    self.whole = whole
  }

  deinit { if whole == nil { base.deallocate() } }

  private static let pageBytes = 2 << 20
}

/// Where the matrices of one model lie, one behind the other in few large pieces, so that large pages hold them.
///
/// A class because loading many matrices fills one piece. It is used while a model is loaded, by one thread.
public final class WeightMemory {
  private var piece: AlignedBuffer?
  private var used = 0
  private static let pieceBytes = 64 << 20

  public init() {}

  func take(bytes: Int) -> AlignedBuffer {
    let room = (bytes + 63) / 64 * 64
    if let piece, used + room <= piece.count {
      defer { used += room }
      return AlignedBuffer(piece, offset: used, bytes: bytes)
    }
    let fresh = AlignedBuffer(bytes: max(room, Self.pieceBytes), isZeroed: false)
    // What is left of the old piece is kept for nothing; a large matrix does not end a piece that still has room.
    if room < Self.pieceBytes { (piece, used) = (fresh, room) }
    return AlignedBuffer(fresh, offset: 0, bytes: bytes)
  }
}
