import Core
import Screen

extension TimeAxis {
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
    [1, 2, 5, 10, 20, 50, 100, 200, 500].flatMap { [$0 * 1_000] }
    + [1, 2, 5, 10, 20, 50, 100, 200, 500].map { $0 * 1_000_000 }
    + [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400].map { $0 * 1_000_000_000 }

  /// Ticks with their times in one row, at least twelve columns apart: `│0:01.5      │0:02.0`.
  var ruler: String {
    let ticks = ticks(room: 12)
    var row = ""
    for time in ticks.times {
      guard let column = column(of: time), column >= row.count else { continue }
      let label = "│" + Self.label(time, step: ticks.step)
      guard column + label.count <= columns else { break }
      row += String(repeating: " ", count: column - row.count) + label
    }
    return row.padded(to: columns)
  }
}
