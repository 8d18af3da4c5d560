import Screen
import Testing

/// Draws on a background of dots, so that untouched cells show, and compares.
func expectFrame(
  _ width: Int, _ height: Int, _ picture: String, sourceLocation: SourceLocation = #_sourceLocation,
  _ draw: (inout Canvas) -> Void
) {
  var canvas = Canvas(width, height, filledWith: Cell("."))
  draw(&canvas)
  #expect(canvas.text == picture, "drawn:\n\(canvas.text)\nexpected:\n\(picture)", sourceLocation: sourceLocation)
}

/// A small random stream; a failing test prints its seed.
struct Luck {
  private var state: UInt64

  init(seed: Int) { state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }
}
