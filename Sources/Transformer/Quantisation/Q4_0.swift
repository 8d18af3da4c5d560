/// 32 four-bit numbers about 8 and their scale: `x[i] = d · (q[i] − 8)`.
///
/// Byte `i` holds element `i` in its low half and element `i + 16` in its high half.
///
/// ```
/// | d: f16 | q: 16 bytes |
/// 0        2             18
/// ```
public enum Q4_0: BlockLayout {
  public static let elementsPerBlock = 32
  public static let bytesPerBlock = 18

  public static func decode(_ block: UnsafeRawPointer, into elements: UnsafeMutablePointer<Float>) {
    let scale = block.half(0)
    for index in 0..<16 {
      let pair = block.byte(2 + index)
      elements[index] = scale * Float((pair & 15) - 8)
      elements[index + 16] = scale * Float((pair >> 4) - 8)
    }
  }
}
