import Core

/// Memory on a cache line's boundary, freed with its owner. Bytes begin as zeros.
///
/// A class because kernels on several threads write into it by address.
final class AlignedBuffer: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int

  init(bytes: Int) {
    count = bytes
    base = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 64), alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: max(bytes, 64))
  }

  deinit { base.deallocate() }
}
