/// The outline of a glyph that pictures are made of, for files that must not
/// depend on fonts: bars without seams, dots and borders where they belong.
///
/// Places are in cells of `width × height` units, from the upper left corner.
struct GlyphShape {
  struct Box {
    var left, top, right, bottom: Double
  }

  /// To be filled.
  var boxes: [Box] = []
  /// To be stroked: a rounded corner, as an SVG path; empty for none.
  var corner = ""
  /// Shades are fills that let the ground through.
  var opacity = 1.0

  /// nil for a glyph that is text.
  init?(_ scalar: Unicode.Scalar, width: Double, height: Double, at left: Double, _ top: Double) {
    func box(_ x0: Double, _ y0: Double, _ x1: Double, _ y1: Double) -> Box {
      Box(left: left + x0 * width, top: top + y0 * height, right: left + x1 * width, bottom: top + y1 * height)
    }
    let code = scalar.value
    switch code {
    case 0x2801...0x28ff:
      let dots = code - 0x2800
      for (bit, place) in Self.dotPlaces.enumerated() where dots >> UInt32(bit) & 1 == 1 {
        let x = 0.26 + 0.48 * place.0
        let y = 0.125 + 0.25 * place.1
        boxes.append(box(x - 0.12, y - 0.07, x + 0.12, y + 0.07))
      }
    case 0x2581...0x2588: boxes = [box(0, 1 - Double(code - 0x2580) / 8, 1, 1)]
    case 0x2589...0x258f: boxes = [box(0, 0, Double(0x2590 - code) / 8, 1)]
    case 0x2590: boxes = [box(0.5, 0, 1, 1)]
    case 0x2591...0x2593:
      boxes = [box(0, 0, 1, 1)]
      opacity = [0.2, 0.45, 0.7][Int(code - 0x2591)]
    case 0x2506, 0x250a:
      for third in 0..<3 { boxes.append(box(0.45, (Double(third) + 0.2) / 3, 0.55, (Double(third) + 0.8) / 3)) }
    case 0x256d...0x2570:
      let right = code == 0x256d || code == 0x2570
      let down = code == 0x256d || code == 0x256e
      let (x, y) = (left + width / 2, top + height / 2)
      let edge = (x: right ? left + width : left, y: down ? top + height : top)
      let start = down ? y + width / 2 : y - width / 2
      corner = "M\(svg(x)) \(svg(edge.y))V\(svg(start))Q\(svg(x)) \(svg(y)) \(svg(edge.x)) \(svg(y))"
    default:
      guard let arms = Self.arms[code] else { return nil }
      // Half the thickness of a light and of a heavy line, in units.
      func half(_ weight: Int) -> Double { weight == 2 ? 1 : 0.5 }
      let (x, y) = (left + width / 2, top + height / 2)
      let across = half(max(arms.up, arms.down))
      let along = half(max(arms.left, arms.right))
      if arms.up > 0 { boxes.append(Box(left: x - half(arms.up), top: top, right: x + half(arms.up), bottom: y + along)) }
      if arms.down > 0 {
        boxes.append(Box(left: x - half(arms.down), top: y - along, right: x + half(arms.down), bottom: top + height))
      }
      if arms.left > 0 { boxes.append(Box(left: left, top: y - half(arms.left), right: x + across, bottom: y + half(arms.left))) }
      if arms.right > 0 {
        boxes.append(Box(left: x - across, top: y - half(arms.right), right: left + width, bottom: y + half(arms.right)))
      }
    }
  }

  /// Column and row of each dot, by Unicode's bit.
  private static let dotPlaces: [(Double, Double)] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]

  /// How thick the four arms of a line glyph are: 0, light 1, heavy 2.
  private static let arms: [UInt32: (up: Int, right: Int, down: Int, left: Int)] = [
    0x2500: (0, 1, 0, 1), 0x2501: (0, 2, 0, 2), 0x2502: (1, 0, 1, 0), 0x2503: (2, 0, 2, 0),
    0x250c: (0, 1, 1, 0), 0x2510: (0, 0, 1, 1), 0x2514: (1, 1, 0, 0), 0x2518: (1, 0, 0, 1),
    0x250f: (0, 2, 2, 0), 0x2513: (0, 0, 2, 2), 0x2517: (2, 2, 0, 0), 0x251b: (2, 0, 0, 2),
    0x251c: (1, 1, 1, 0), 0x2524: (1, 0, 1, 1), 0x252c: (0, 1, 1, 1), 0x2534: (1, 1, 0, 1), 0x253c: (1, 1, 1, 1),
    0x2523: (2, 2, 2, 0), 0x252b: (2, 0, 2, 2), 0x2533: (0, 2, 2, 2), 0x253b: (2, 2, 0, 2), 0x254b: (2, 2, 2, 2),
  ]
}

/// A coordinate with at most two decimals and no more than it needs.
func svg(_ value: Double) -> String {
  let hundredths = Int((value * 100).rounded())
  let (whole, part) = (hundredths / 100, hundredths % 100)
  if part == 0 { return "\(whole)" }
  return part % 10 == 0 ? "\(whole).\(part / 10)" : "\(whole).\(part < 10 ? "0" : "")\(part)"
}
