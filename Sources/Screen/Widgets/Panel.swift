/// A border with its corner texts, in the same places on every screen:
///
///     ╭─ title ─────────────────── badge ─╮      badge     the scale or the size
///     │                                   │      footer    sort, view or keys
///     ╰─ footer ────────────── position ──╯      position  `1-10 of 10`
///
/// Heavy when it has the focus. When the row is too short the right text goes
/// first, then the left one is cut with `…`.
public struct Panel: Sendable {
  public var title: StyledText
  public var badge: StyledText
  public var footer: StyledText
  public var position: StyledText
  public var isFocused: Bool

  public init(
    _ title: String, badge: String = "", footer: String = "", position: String = "", isFocused: Bool = false
  ) {
    self.init(
      StyledText(title, Style(.borderTitle, isFocused ? .bold : [])), badge: StyledText(badge, Style(.borderBadge)),
      footer: StyledText(footer, Style(.borderBadge)), position: StyledText(position, Style(.borderBadge)),
      isFocused: isFocused)
  }

  public init(
    _ title: StyledText, badge: StyledText = "", footer: StyledText = "", position: StyledText = "",
    isFocused: Bool = false
  ) {
    self.title = title
    self.badge = badge
    self.footer = footer
    self.position = position
    self.isFocused = isFocused
  }

  /// The area inside the border; empty when there is none.
  public static func inside(_ area: Rect) -> Rect {
    Rect(area.left + 1, area.top + 1, area.width - 2, area.height - 2)
  }

  /// Clears `area`, draws the border, and returns the area inside.
  @discardableResult
  public func draw(in area: Rect, on canvas: inout Canvas) -> Rect {
    canvas.fill(area, style: Style(.fg, on: .bgPanel))
    let style = Style(isFocused ? .borderFocus : .border, on: .bgPanel)
    canvas.box(area, isFocused ? .heavy : .rounded, style: style)
    if area.width > 1 && area.height > 1 {
      write(title, badge, area.left, area.right, area.top, on: &canvas)
      write(footer, position, area.left, area.right, area.bottom - 1, on: &canvas)
    }
    return Self.inside(area)
  }

  /// `corner line space TEXT space line … line space TEXT space line corner`
  private func write(
    _ first: StyledText, _ last: StyledText, _ left: Int, _ right: Int, _ row: Int, on canvas: inout Canvas
  ) {
    let room = right - left - 6  // what one text may use: two corners, two lines, two spaces
    if room < 1 { return }
    let wanted = first.cells
    var end = left + 2
    if wanted > 0 {
      let text = StyledText(" ") + first.truncated(to: room) + StyledText(" ")
      end = canvas.put(text, at: Point(left + 2, row))
    }
    // A line between the two texts must remain.
    if last.cells > 0 && end + (wanted > 0 ? 1 : 0) + last.cells + 4 <= right {
      canvas.put(StyledText(" ") + last + StyledText(" "), endingAt: Point(right - 2, row))
    }
  }
}
