import Analysis
import Core

/// Which part of the run a timeline shows.
struct TimelineWindow: Equatable, Sendable {
  /// Nil shows the whole run.
  var span: EngineTime?
  /// Where the window ends; nil keeps the playhead in its last quarter.
  var end: EngineTime?

  static let leastSpan = EngineTime.milliseconds(1)
}

/// Columns of cells over engine time.
struct TimelineAxis: Sendable {
  let start: EngineTime
  let span: EngineTime
  let columns: Int

  init(_ window: TimelineWindow, shown: EngineTime, head: EngineTime, columns: Int) {
    self.columns = max(1, columns)
    let whole = max(head, TimelineWindow.leastSpan)
    guard let wanted = window.span, wanted < whole else {
      start = .zero
      span = whole
      return
    }
    span = max(wanted, TimelineWindow.leastSpan)
    let end = min(window.end ?? EngineTime(nanoseconds: shown.nanoseconds + span.nanoseconds / 4), whole)
    start = max(.zero, end - span)
  }

  var end: EngineTime { start + span }

  /// Where the column with this number begins; halves are moments inside it.
  func time(at column: Double) -> EngineTime {
    start + EngineTime(nanoseconds: Int64(Double(span.nanoseconds) * column / Double(columns)))
  }

  /// Nil outside. The end of the window belongs to the last column.
  func column(of time: EngineTime) -> Int? {
    guard time >= start, time <= end else { return nil }
    return min(columns - 1, Int(Double((time - start).nanoseconds) / Double(span.nanoseconds) * Double(columns)))
  }

  /// Times with a label: multiples of the least round step that leaves `room` columns to each.
  func ticks(room: Int = 14) -> (step: EngineTime, times: [EngineTime]) {
    let least = Double(span.nanoseconds) * Double(room) / Double(columns)
    let step = Self.roundSteps.first { Double($0) >= least } ?? Int64(least / 86_400e9 + 1) * 86_400_000_000_000
    var times: [EngineTime] = []
    var next = (start.nanoseconds + step - 1) / step * step
    while next <= end.nanoseconds {
      times.append(EngineTime(nanoseconds: next))
      next += step
    }
    return (EngineTime(nanoseconds: step), times)
  }

  /// `3:36`, with decimals when the step asks for them.
  static func label(_ time: EngineTime, step: EngineTime) -> String {
    let whole = time.nanoseconds / 1_000_000_000
    var text = "\(whole / 60):" + (whole % 60 < 10 ? "0" : "") + "\(whole % 60)"
    if whole >= 3600 { text = "\(whole / 3600):" + two(whole / 60 % 60) + ":" + two(whole % 60) }
    let part = time.nanoseconds % 1_000_000_000
    if step.nanoseconds % 1_000_000_000 != 0 {
      let digits = step.nanoseconds % 100_000_000 == 0 ? 1 : step.nanoseconds % 10_000_000 == 0 ? 2 : step.nanoseconds % 1_000_000 == 0 ? 3 : 4
      var fraction = String(part)
      fraction = String(repeating: "0", count: 9 - fraction.utf8.count) + fraction
      text += "." + fraction.prefix(digits)
    }
    return text
  }

  private static func two(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }

  private static let roundSteps: [Int64] =
    [100_000, 200_000, 500_000].map { $0 }
    + [1, 2, 5, 10, 20, 50, 100, 200, 500].map { $0 * 1_000_000 }
    + [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400].map { $0 * 1_000_000_000 }
}

extension ChunkedLog<StepRecord> {
  /// Index of the first step at or after `low` that ends later than `time`. O(log steps).
  func firstStep(endingAfter time: EngineTime, from low: Int = 0) -> Int {
    var (low, high) = (low, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].end > time { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Index of the first step at or after `low` that starts at `time` or later. O(log steps).
  func firstStep(startingFrom time: EngineTime, from low: Int = 0) -> Int {
    var (low, high) = (low, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].start >= time { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension ChunkedLog<Mark> {
  /// Index of the first mark at `time` or later. O(log marks).
  func firstMark(from time: EngineTime) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].time >= time { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
