/// A place where canvases are shown and keys come from: a real terminal, or a
/// script in a test.
///
/// A class, because there is one terminal and whoever holds it shares it.
public protocol Terminal: AnyObject {
  /// As last heard; a change arrives as `InputEvent.resize`.
  var size: Size { get }
  /// Shows `canvas`. Only what differs from the last one is written.
  func paint(_ canvas: Canvas, theme: Theme)
  /// The next event, waiting no longer than `patience`; nil when none came.
  func nextEvent(within patience: Duration) -> InputEvent?
}
