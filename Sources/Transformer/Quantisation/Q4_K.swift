/// 256 four-bit numbers in eight groups of 32, each with a six-bit scale and a six-bit offset under two common factors:
/// `x = d · s[g] · q − dmin · m[g]`.
///
/// Bytes of `q` serve two groups: 32 bytes hold group 2k in their low halves and group 2k + 1 in their high halves.
///
/// ```
/// | d: f16 | dmin: f16 | scales and offsets: 12 bytes | q: 128 bytes |
/// 0        2           4                              16             144
/// ```
public enum Q4_K: BlockLayout {
  public static let elementsPerBlock = 256
  public static let bytesPerBlock = 144

  public static func decode(_ block: UnsafeRawPointer, into elements: UnsafeMutablePointer<Float>) {
    let scale = block.half(0)
    let offset = block.half(2)
    for group in 0..<8 {
      let (s, m) = scaleAndOffset(of: group, in: block + 4)
      let d = scale * Float(s)
      let least = offset * Float(m)
      let source = block + 16 + group / 2 * 32
      let shift = group % 2 * 4
      for index in 0..<32 {
        elements[group * 32 + index] = d * Float(source.byte(index) >> shift & 15) - least
      }
    }
  }

  /// Groups 0–3 have theirs in the low six bits of bytes 0–3 and 4–7; groups 4–7 have four bits in bytes 8–11 and the
  /// two upper ones in the spare bits of bytes 0–3 and 4–7.
  @inline(__always)
  static func scaleAndOffset(of group: Int, in packed: UnsafeRawPointer) -> (Int, Int) {
    if group < 4 { return (packed.byte(group) & 63, packed.byte(group + 4) & 63) }
    let low = packed.byte(group + 4)
    return (low & 15 | packed.byte(group - 4) >> 2 & 48, low >> 4 | packed.byte(group) >> 2 & 48)
  }
}
