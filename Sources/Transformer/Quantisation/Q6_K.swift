/// 256 six-bit numbers about 32 in sixteen groups of 16, each with a signed scale under one common factor:
/// `x = d · s[g] · (q − 32)`.
///
/// Each half of 128 elements has 64 bytes of low bits (elements 0–63 in low halves, 64–127 in high halves) and 32 bytes of
/// upper bits (byte `i` serves elements `i`, `i + 32`, `i + 64`, `i + 96`, two bits each from the lowest).
///
/// ```
/// | low four bits: 128 bytes | upper two bits: 64 bytes | s: 16 × i8 | d: f16 |
/// 0                          128                        192          208      210
/// ```
public enum Q6_K: BlockLayout {
  public static let elementsPerBlock = 256
  public static let bytesPerBlock = 210

  public static func decode(_ block: UnsafeRawPointer, into elements: UnsafeMutablePointer<Float>) {
    let scale = block.half(208)
    for index in 0..<256 {
      let half = index / 128
      let within = index % 128
      let low = block.byte(half * 64 + within % 64) >> (within / 64 * 4) & 15
      let high = block.byte(128 + half * 32 + within % 32) >> (within / 32 * 2) & 3
      let group = block.load(fromByteOffset: 192 + index / 16, as: Int8.self)
      elements[index] = scale * Float(group) * Float((low | high << 4) - 32)
    }
  }
}
