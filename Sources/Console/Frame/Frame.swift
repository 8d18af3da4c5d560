import Core
import Host
import Screen

/// The whole screen as a function of the state:
///
/// ```
/// row 0       what runs, and when we are
/// row 1       pages, and the pulse of the run
///             the page
/// row h − 2   one sentence about the selection, or a word to the viewer
/// row h − 1   the keys that are valid here
/// ```
public enum Frame {
  /// Below this a page cannot be drawn and a card says so.
  public static let smallest = Size(60, 16)
  static let tabRow = 1

  public static func isTooSmall(_ size: Size) -> Bool { size.width < smallest.width || size.height < smallest.height }

  /// So small that each page shows only the panel with the focus.
  public static func showsOnePanel(_ size: Size) -> Bool { size.width < 80 || size.height < 20 }

  /// Everything between the two rows at the top and the two at the bottom.
  public static func pageArea(_ size: Size) -> Rect { Rect(0, 2, size.width, size.height - 4) }

  public static func compose(_ state: ConsoleState) -> Canvas {
    var canvas = Canvas(state.size.width, state.size.height, filledWith: Cell(" ", Style(.fg, on: .bg)))
    guard !isTooSmall(state.size) else {
      TooSmallCard.draw(state, on: &canvas)
      return canvas
    }
    let scene = state.scene
    let page = state.page
    let area = pageArea(state.size)
    canvas.clipped(to: area) { page.draw(scene, in: area, on: &$0) }
    Header.draw(state, on: &canvas)
    Tabs(state).draw(on: &canvas)
    sentence(page, scene, state, on: &canvas)
    HintRow(state).draw(on: &canvas)
    state.dialog?.draw(state, on: &canvas)
    return canvas
  }

  private static func sentence(_ page: any Page, _ scene: Scene, _ state: ConsoleState, on canvas: inout Canvas) {
    let row = state.size.height - 2
    var right = state.size.width - 1
    if !state.view.filter.isEmpty {
      let chip = " filter \(state.view.filter.truncated(to: 30)) "
      right = canvas.put(chip, endingAt: Point(right, row), style: Style(.fgStrong, on: .bgSearch)) - 1
    }
    let text: StyledText
    if let awaited = state.awaited {
      let known = state.marks.keys.sorted().map(String.init).joined(separator: " ")
      text = awaited == .mark
        ? StyledText("mark this step: press a letter · Esc not", Style(.warn))
        : StyledText("jump to which mark: \(known) · Esc not", Style(.warn))
    } else if let toast = state.toast {
      text = StyledText((toast.isError ? "! " : "") + toast.sentence, Style(toast.isError ? .alert : .info, toast.isError ? .bold : []))
    } else if let count = state.count {
      text = StyledText("\(count) · then . , [ or ] · Esc not", Style(.warn))
    } else {
      text = page.sentence(scene)
    }
    canvas.put(text.wholeParts(in: max(0, right - 1)), at: Point(1, row))
  }
}
