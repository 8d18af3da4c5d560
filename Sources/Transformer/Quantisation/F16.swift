/// IEEE 754 binary16, one by one.
public enum F16: BlockLayout {
  public static let elementsPerBlock = 1
  public static let bytesPerBlock = 2

  public static func decode(_ block: UnsafeRawPointer, into elements: UnsafeMutablePointer<Float>) {
    elements[0] = block.half(0)
  }
}
