/// 32 four-bit numbers, their scale and their least value: `x[i] = d · q[i] + m`.
///
/// Byte `i` holds element `i` in its low half and element `i + 16` in its high half.
///
/// ```
/// | d: f16 | m: f16 | q: 16 bytes |
/// 0        2        4             20
/// ```
public enum Q4_1: BlockLayout {
  public static let elementsPerBlock = 32
  public static let bytesPerBlock = 20

  public static func decode(_ block: UnsafeRawPointer, into elements: UnsafeMutablePointer<Float>) {
    let scale = block.half(0)
    let least = block.half(2)
    for index in 0..<16 {
      let pair = block.byte(4 + index)
      elements[index] = scale * Float(pair & 15) + least
      elements[index + 16] = scale * Float(pair >> 4) + least
    }
  }
}
