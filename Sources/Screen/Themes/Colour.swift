#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A colour in sRGB, eight bits each.
public struct Colour: Hashable, Sendable {
  public let red: UInt8
  public let green: UInt8
  public let blue: UInt8

  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// `0xaf00ff`
  public init(_ hex: UInt32) {
    self.init(UInt8(truncatingIfNeeded: hex >> 16), UInt8(truncatingIfNeeded: hex >> 8), UInt8(truncatingIfNeeded: hex))
  }

  /// `#af00ff`; nil for anything else.
  public init?(hex text: some StringProtocol) {
    guard text.utf8.count == 7, text.utf8.first == UInt8(ascii: "#"), !text.contains("+"), !text.contains("-"),
      let value = UInt32(text.dropFirst(), radix: 16)
    else { return nil }
    self.init(value)
  }

  public var hex: String {
    let digits = String(UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue), radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.utf8.count) + digits
  }
}

extension Colour {
  /// Light, not voltage: red, green, blue in 0…1.
  var linear: SIMD3<Double> {
    func light(_ value: UInt8) -> Double {
      let part = Double(value) / 255
      return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
    }
    return SIMD3(light(red), light(green), light(blue))
  }

  /// The nearest colour for a light; what lies outside sRGB is clamped.
  init(linear light: SIMD3<Double>) {
    func value(_ part: Double) -> UInt8 {
      let part = min(max(part, 0), 1)
      return UInt8((255 * (part <= 0.003_130_8 ? 12.92 * part : 1.055 * pow(part, 1 / 2.4) - 0.055)).rounded())
    }
    self.init(value(light.x), value(light.y), value(light.z))
  }

  /// Lightness and two opponent axes in which distance means difference.
  /// - Source: Ottosson 2020, "A perceptual color space for image processing".
  var oklab: SIMD3<Double> {
    let light = linear
    let long = cbrt(0.412_221_470_8 * light.x + 0.536_332_536_3 * light.y + 0.051_445_992_9 * light.z)
    let medium = cbrt(0.211_903_498_2 * light.x + 0.680_699_545_1 * light.y + 0.107_396_956_6 * light.z)
    let short = cbrt(0.088_302_461_9 * light.x + 0.281_718_837_6 * light.y + 0.629_978_700_5 * light.z)
    return SIMD3(
      0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short,
      1.977_998_495_1 * long - 2.428_592_205_0 * medium + 0.450_593_709_9 * short,
      0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766_0 * short)
  }

  /// Part of the way to another colour, straight through OKLab's light.
  func mixed(with other: Colour, _ part: Double) -> Colour {
    let lab = oklab * (1 - part) + other.oklab * part
    func cube(_ value: Double) -> Double { value * value * value }
    let long = cube(lab.x + 0.396_337_777_4 * lab.y + 0.215_803_757_3 * lab.z)
    let medium = cube(lab.x - 0.105_561_345_8 * lab.y - 0.063_854_172_8 * lab.z)
    let short = cube(lab.x - 0.089_484_177_5 * lab.y - 1.291_485_548_0 * lab.z)
    return Colour(
      linear: SIMD3(
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short))
  }
}
