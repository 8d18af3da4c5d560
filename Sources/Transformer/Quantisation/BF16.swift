/// The upper half of binary32, one by one.
public enum BF16: BlockLayout {
  public static let elementsPerBlock = 1
  public static let bytesPerBlock = 2

  public static func decode(_ block: UnsafeRawPointer, into elements: UnsafeMutablePointer<Float>) {
    elements[0] = Float(bitPattern: UInt32(UInt16(littleEndian: block.loadUnaligned(as: UInt16.self))) << 16)
  }
}
