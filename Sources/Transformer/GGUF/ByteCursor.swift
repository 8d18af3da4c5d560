/// Reads little-endian values from front to back and never past the end.
///
/// Every read is checked first, and what is missing is said with the place and both sizes.
struct ByteCursor {
  let bytes: UnsafeRawBufferPointer
  private(set) var offset: Int

  init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  var remaining: Int { bytes.count - offset }

  mutating func skip(_ count: UInt64, _ what: @autoclosure () -> String) throws(GGUFError.Problem) {
    guard count <= UInt64(remaining) else {
      throw .cutShort(what: what(), offset: offset, needs: count, remaining: remaining)
    }
    offset += Int(count)
  }

  mutating func integer<T: FixedWidthInteger>(_ what: @autoclosure () -> String) throws(GGUFError.Problem) -> T {
    let start = offset
    try skip(UInt64(MemoryLayout<T>.size), what())
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: T.self))
  }

  /// A count of items that take at least `smallest` bytes each, so that nothing larger than the file is ever made.
  mutating func count(_ what: @autoclosure () -> String, smallest: Int) throws(GGUFError.Problem) -> Int {
    let start = offset
    let count: UInt64 = try integer(what())
    guard count <= UInt64(remaining / smallest) else {
      throw .tooMany(what: what(), count: count, offset: start, remaining: remaining)
    }
    return Int(count)
  }

  /// The bytes of a string, still where they are: a length in 64 bits, then UTF-8.
  mutating func string(_ what: @autoclosure () -> String) throws(GGUFError.Problem) -> UnsafeRawBufferPointer {
    let length: UInt64 = try integer(what())
    let start = offset
    try skip(length, what())
    return UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
  }

  mutating func text(_ what: @autoclosure () -> String) throws(GGUFError.Problem) -> String {
    let start = offset
    guard let text = String(validating: try string(what()), as: UTF8.self) else {
      throw .invalidText(what: what(), offset: start)
    }
    return text
  }
}
