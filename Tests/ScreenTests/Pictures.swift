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
