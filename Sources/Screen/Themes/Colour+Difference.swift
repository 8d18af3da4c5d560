#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension Colour {
  /// How well text of this colour reads on another: 1 (not at all) to 21.
  /// - Source: WCAG 2.2, "contrast ratio".
  public func contrast(with ground: Colour) -> Double {
    func luminance(_ colour: Colour) -> Double {
      let light = colour.linear
      return 0.2126 * light.x + 0.7152 * light.y + 0.0722 * light.z
    }
    let (one, other) = (luminance(self), luminance(ground))
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
  }

  /// CIELAB under D65.
  var lab: SIMD3<Double> {
    let light = linear
    let x = (0.412_456_4 * light.x + 0.357_576_1 * light.y + 0.180_437_5 * light.z) / 0.950_47
    let y = 0.212_672_9 * light.x + 0.715_152_2 * light.y + 0.072_175_0 * light.z
    let z = (0.019_333_9 * light.x + 0.119_192_0 * light.y + 0.950_304_1 * light.z) / 1.088_83
    func root(_ value: Double) -> Double { value > 216.0 / 24389 ? cbrt(value) : (24389.0 / 27 * value + 16) / 116 }
    return SIMD3(116 * root(y) - 16, 500 * (root(x) - root(y)), 200 * (root(y) - root(z)))
  }

  /// How different two colours look, CIEDE2000: 1 is just visible, about 10 comfortable, below 7 neighbours blur.
  public func difference(from other: Colour) -> Double { ciede2000(lab, other.lab) }
}

/// - Source: Sharma, Wu & Dalal 2005, "The CIEDE2000 color-difference formula", Color Research & Application 30(1).
func ciede2000(_ one: SIMD3<Double>, _ other: SIMD3<Double>) -> Double {
  func seventh(_ value: Double) -> Double { pow(value, 7) }
  let chroma = ((one.y * one.y + one.z * one.z).squareRoot() + (other.y * other.y + other.z * other.z).squareRoot()) / 2
  let stretch = 0.5 * (1 - (seventh(chroma) / (seventh(chroma) + seventh(25))).squareRoot())
  func polar(_ lab: SIMD3<Double>) -> (chroma: Double, hue: Double) {
    let a = lab.y * (1 + stretch)
    let hue = a == 0 && lab.z == 0 ? 0 : atan2(lab.z, a) * 180 / .pi
    return ((a * a + lab.z * lab.z).squareRoot(), hue < 0 ? hue + 360 : hue)
  }
  let (first, second) = (polar(one), polar(other))
  let grey = first.chroma * second.chroma == 0
  var turn = grey ? 0 : second.hue - first.hue
  if turn > 180 { turn -= 360 } else if turn < -180 { turn += 360 }
  let deltaL = other.x - one.x
  let deltaC = second.chroma - first.chroma
  let deltaH = 2 * (first.chroma * second.chroma).squareRoot() * sin(turn / 2 * .pi / 180)

  let meanL = (one.x + other.x) / 2
  let meanC = (first.chroma + second.chroma) / 2
  let sum = first.hue + second.hue
  let meanH = grey ? sum : abs(first.hue - second.hue) <= 180 ? sum / 2 : sum < 360 ? sum / 2 + 180 : sum / 2 - 180
  func cosine(_ degrees: Double) -> Double { cos(degrees * .pi / 180) }
  let t = 1 - 0.17 * cosine(meanH - 30) + 0.24 * cosine(2 * meanH) + 0.32 * cosine(3 * meanH + 6)
    - 0.20 * cosine(4 * meanH - 63)
  let square = (meanL - 50) * (meanL - 50)
  let weightL = 1 + 0.015 * square / (20 + square).squareRoot()
  let weightC = 1 + 0.045 * meanC
  let weightH = 1 + 0.015 * meanC * t
  let blueTurn = 30 * exp(-((meanH - 275) / 25) * ((meanH - 275) / 25))
  let rotation = -sin(2 * blueTurn * .pi / 180) * 2 * (seventh(meanC) / (seventh(meanC) + seventh(25))).squareRoot()
  let (l, c, h) = (deltaL / weightL, deltaC / weightC, deltaH / weightH)
  return max(0, l * l + c * c + h * h + rotation * c * h).squareRoot()
}
