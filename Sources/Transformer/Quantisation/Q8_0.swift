/// 32 signed bytes and their scale: `x[i] = d · q[i]`.
///
/// ```
/// | d: f16 | q: 32 × i8 |
/// 0        2            34
/// ```
public enum Q8_0: BlockLayout {
  public static let elementsPerBlock = 32
  public static let bytesPerBlock = 34

  public static func decode(_ block: UnsafeRawPointer, into elements: UnsafeMutablePointer<Float>) {
    let scale = block.half(0)
    for index in 0..<32 {
      elements[index] = scale * Float(block.load(fromByteOffset: 2 + index, as: Int8.self))
    }
  }
}
