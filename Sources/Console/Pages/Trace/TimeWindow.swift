import Core

/// The part of a span of time that a picture shows: all of it, a half, a quarter, … from some start on.
struct TimeWindow: Sendable, Equatable {
  /// Halvings.
  private(set) var zoom = 0
  private var start = EngineTime.zero

  static let deepest = 24

  /// What is shown of `total`, drawn over so many columns.
  func scale(of total: EngineTime, columns: Int) -> TimeScale {
    let length = max(1, total.nanoseconds >> Int64(zoom))
    let latest = max(0, total.nanoseconds - length)
    return TimeScale(start: min(max(0, start.nanoseconds), latest), length: length, columns: max(1, columns))
  }

  /// Closer (positive) or further; `anchor` keeps its place.
  mutating func zoom(by steps: Int, around anchor: EngineTime, of total: EngineTime) {
    let before = scale(of: total, columns: 1)
    // Closer than a microsecond nothing more can be told apart.
    let deepest = min(Self.deepest, max(0, 63 - (total.nanoseconds / 1000).leadingZeroBitCount))
    zoom = min(max(zoom + steps, 0), deepest)
    let length = max(1, total.nanoseconds >> Int64(zoom))
    let inside = min(max(anchor.nanoseconds, before.start), before.start + before.length)
    let part = Double(inside - before.start) / Double(before.length)
    start.nanoseconds = inside - Int64(part * Double(length))
    start = clamped(start, total)
  }

  /// By quarters of what is shown.
  mutating func pan(by quarters: Int, of total: EngineTime) {
    let shown = scale(of: total, columns: 1)
    start.nanoseconds = shown.start + shown.length / 4 * Int64(quarters)
    start = clamped(start, total)
  }

  /// Moves as little as brings `time` into view.
  mutating func show(_ time: EngineTime, of total: EngineTime) {
    let shown = scale(of: total, columns: 1)
    start.nanoseconds = shown.start
    if time.nanoseconds < shown.start { start = time }
    if time.nanoseconds >= shown.start + shown.length { start.nanoseconds = time.nanoseconds - shown.length + 1 }
    start = clamped(start, total)
  }

  private func clamped(_ time: EngineTime, _ total: EngineTime) -> EngineTime {
    EngineTime(nanoseconds: min(max(0, time.nanoseconds), max(0, total.nanoseconds - max(1, total.nanoseconds >> Int64(zoom)))))
  }
}

/// Time over columns of cells.
struct TimeScale: Equatable {
  /// Nanoseconds.
  var start: Int64
  var length: Int64
  var columns: Int

  var end: Int64 { start + length }

  /// The moment at which column `column` begins; column `columns` is the end.
  func time(at column: Int) -> EngineTime {
    EngineTime(nanoseconds: start + Int64(Double(length) * Double(column) / Double(columns)))
  }

  /// The middle of a column.
  func middle(of column: Int) -> EngineTime {
    EngineTime(nanoseconds: start + Int64(Double(length) * (Double(column) + 0.5) / Double(columns)))
  }

  /// Nil outside the picture; the very end belongs to the last column.
  func column(of time: EngineTime) -> Int? {
    guard time.nanoseconds >= start, time.nanoseconds <= end else { return nil }
    return min(columns - 1, Int(Double(time.nanoseconds - start) / Double(length) * Double(columns)))
  }
}
