/// The 256 colours of xterm. The first 16 belong to the user's own palette, so
/// only the cube (16–231) and the greys (232–255) are ever chosen for a colour.
public enum Xterm {
  public static let colours: [Colour] = {
    var all = [
      0x000000, 0x800000, 0x008000, 0x808000, 0x000080, 0x800080, 0x008080, 0xc0c0c0,
      0x808080, 0xff0000, 0x00ff00, 0xffff00, 0x0000ff, 0xff00ff, 0x00ffff, 0xffffff,
    ].map { Colour($0) }
    let steps: [UInt8] = [0, 0x5f, 0x87, 0xaf, 0xd7, 0xff]
    for red in steps { for green in steps { for blue in steps { all.append(Colour(red, green, blue)) } } }
    for grey in 0..<24 { all.append(Colour(UInt8(8 + 10 * grey), UInt8(8 + 10 * grey), UInt8(8 + 10 * grey))) }
    return all
  }()

  /// 16…255: the colour itself when it is one of them, otherwise the nearest in OKLab.
  public static func index256(of colour: Colour) -> Int { nearest(colour, 16..<256, labs) }

  /// 0…15 by likeness to xterm's own first sixteen; the user may have others.
  public static func index16(of colour: Colour) -> Int { nearest(colour, 0..<16, labs) }

  /// 0…7. Hue counts more than lightness, or every pale colour would be white.
  public static func index8(of colour: Colour) -> Int { nearest(colour, 0..<8, eight, weight: SIMD3(0.3, 1, 1)) }

  /// The eight as consoles show them.
  private static let eight = [0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5]
    .map { Colour($0).oklab }

  private static let labs = colours.map(\.oklab)

  private static func nearest(
    _ colour: Colour, _ range: Range<Int>, _ labs: [SIMD3<Double>], weight: SIMD3<Double> = .one
  ) -> Int {
    let wanted = colour.oklab
    var best = range.lowerBound
    var least = Double.infinity
    for index in range {
      let gap = (labs[index] - wanted) * weight
      let distance = (gap * gap).sum()
      if distance < least {
        least = distance
        best = index
      }
    }
    return best
  }
}
