import Core

/// The part of a span of time that a picture shows: all of it, a half, a quarter, … from some start on.
struct TimeWindow: Sendable, Equatable {
  /// Halvings.
  private(set) var zoom = 0
  private var start = EngineTime.zero

  static let deepest = 24

  /// What is shown of `total`, drawn over so many columns.
  func axis(of total: EngineTime, columns: Int = 1) -> TimeAxis {
    let span = max(.nanoseconds(1), EngineTime(nanoseconds: total.nanoseconds >> Int64(zoom)))
    return TimeAxis(start: min(max(.zero, start), max(.zero, total - span)), span: span, columns: columns)
  }

  /// Closer (positive) or further; `anchor` keeps its place.
  mutating func zoom(by steps: Int, around anchor: EngineTime, of total: EngineTime) {
    let before = axis(of: total)
    // Closer than a microsecond nothing more can be told apart.
    let deepest = min(Self.deepest, max(0, 63 - (total.nanoseconds / 1000).leadingZeroBitCount))
    zoom = min(max(zoom + steps, 0), deepest)
    let length = max(1, total.nanoseconds >> Int64(zoom))
    let inside = min(max(anchor, before.start), before.end)
    let part = Double((inside - before.start).nanoseconds) / Double(before.span.nanoseconds)
    start = inside - EngineTime(nanoseconds: Int64(part * Double(length)))
    start = clamped(start, total)
  }

  /// By quarters of what is shown.
  mutating func pan(by quarters: Int, of total: EngineTime) {
    let shown = axis(of: total)
    start = shown.start + EngineTime(nanoseconds: shown.span.nanoseconds / 4 * Int64(quarters))
    start = clamped(start, total)
  }

  /// Moves as little as brings `time` into view.
  mutating func show(_ time: EngineTime, of total: EngineTime) {
    let shown = axis(of: total)
    start = shown.start
    if time < shown.start { start = time }
    if time >= shown.end { start = time - shown.span + .nanoseconds(1) }
    start = clamped(start, total)
  }

  private func clamped(_ time: EngineTime, _ total: EngineTime) -> EngineTime {
    EngineTime(nanoseconds: min(max(0, time.nanoseconds), max(0, total.nanoseconds - max(1, total.nanoseconds >> Int64(zoom)))))
  }
}
