/// IEEE 754 binary32, one by one.
public enum F32: BlockLayout {
  public static let elementsPerBlock = 1
  public static let bytesPerBlock = 4

  public static func decode(_ block: UnsafeRawPointer, into elements: UnsafeMutablePointer<Float>) {
    elements[0] = Float(bitPattern: UInt32(littleEndian: block.loadUnaligned(as: UInt32.self)))
  }
}
