/// How a tensor type keeps a run of elements: one file a layout, with the plain decoding that every kernel is tested
/// against.
///
/// Bytes are little-endian. Formulas and orders: ggml, `ggml-common.h` and `ggml-quants.c`.
public protocol BlockLayout {
  static var elementsPerBlock: Int { get }
  static var bytesPerBlock: Int { get }
  /// Decodes one block; nothing is assumed of its alignment.
  static func decode(_ block: UnsafeRawPointer, into elements: UnsafeMutablePointer<Float>)
}

extension BlockLayout {
  static func decodeAll(_ blocks: UnsafeRawBufferPointer, into elements: UnsafeMutableBufferPointer<Float>) {
    guard let source = blocks.baseAddress, let target = elements.baseAddress else { return }
    for index in 0..<blocks.count / bytesPerBlock {
      decode(source + index * bytesPerBlock, into: target + index * elementsPerBlock)
    }
  }
}

extension UnsafeRawPointer {
  @inline(__always) func byte(_ offset: Int) -> Int { Int(load(fromByteOffset: offset, as: UInt8.self)) }
  @inline(__always) func half(_ offset: Int) -> Float {
    float(half: UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
  }
}

/// A number in IEEE 754 binary16, exactly.
///
/// Its exponent and fraction, moved to their places in binary32, are the number divided by 2¹¹²; the product is exact
/// for subnormals too.
@inline(__always)
public func float(half bits: UInt16) -> Float {
  let magnitude = UInt32(bits & 0x7fff) << 13
  let sign = UInt32(bits & 0x8000) << 16
  let value = magnitude >= 0x0f80_0000 ? magnitude | 0x7f80_0000 : (Float(bitPattern: magnitude) * 0x1p112).bitPattern
  return Float(bitPattern: value | sign)
}
