import Core
import Screen

/// The stretch of engine time that columns stand for.
///
/// ```
/// │1.0 s        │1.5 s        │2.0 s
/// ```
struct TimeAxis: Equatable {
  let start: EngineTime
  /// Of one column, in nanoseconds.
  let column: Int64
  let width: Int

  /// What is shown at first: the run so far, its last minute when it is longer.
  static func defaultSpan(_ now: EngineTime) -> EngineTime { min(max(now, .milliseconds(100)), .milliseconds(60_000)) }
  static let narrowest = EngineTime.microseconds(100)
  static let widest = EngineTime.seconds(1e6)

  init(_ view: RequestsView, now: EngineTime, width: Int) {
    let span = min(max(view.span ?? Self.defaultSpan(now), Self.narrowest), Self.widest)
    let columns = Int64(max(1, width))
    self.init(start: max(.zero, (view.end ?? now) - span), column: (span.nanoseconds + columns - 1) / columns, width: width)
  }

  init(start: EngineTime, column: Int64, width: Int) {
    self.start = start
    self.column = max(1, column)
    self.width = max(0, width)
  }

  /// The column of a moment; below 0 or from `width` on when it is not in view.
  func place(of time: EngineTime) -> Int {
    let offset = (time - start).nanoseconds
    return Int(offset >= 0 ? offset / column : (offset - column + 1) / column)
  }

  func moment(at place: Int) -> EngineTime { EngineTime(nanoseconds: start.nanoseconds + Int64(place) * column) }

  /// `1 col = 42.0 ms`
  var scale: String { "1 col = " + Figure.span(.nanoseconds(column)) }

  /// Ticks with their times, at least twelve columns apart.
  var ruler: String {
    guard width > 0 else { return "" }
    var tick: Int64 = 1_000
    var factor = 0
    // 1, 2, 5, 10, 20, 50, …
    while tick / column < 12 && tick < 1_000_000_000_000_000 {
      tick = factor % 3 == 1 ? tick / 2 * 5 : tick * 2
      factor += 1
    }
    var cells = [Character](repeating: " ", count: width)
    var time = (start.nanoseconds + tick - 1) / tick * tick
    while place(of: EngineTime(nanoseconds: time)) < width {
      let place = place(of: EngineTime(nanoseconds: time))
      let label = "│" + Self.label(time, tick)
      if place + label.count <= width {
        for (offset, character) in label.enumerated() { cells[place + offset] = character }
      }
      time += tick
    }
    return String(cells)
  }

  /// `1.5 s`, and from a minute on `2:05` or `2:05.5`: as exact as the ticks are.
  private static func label(_ nanoseconds: Int64, _ tick: Int64) -> String {
    var decimals = 0
    var unit: Int64 = 1_000_000_000
    while unit > 1_000 && tick % unit != 0 {
      unit /= 10
      decimals += 1
    }
    let seconds = Double(nanoseconds) / 1e9
    guard nanoseconds >= 60_000_000_000 else { return Figure.fixed(seconds, decimals: decimals) + " s" }
    let minutes = nanoseconds / 60_000_000_000
    let rest = Figure.fixed(seconds - Double(minutes) * 60, decimals: decimals)
    return "\(minutes):" + (rest.prefix { $0 != "." }.count < 2 ? "0" : "") + rest
  }
}
