import Core

extension Trace {
  /// Moves every arrival and every hang-up by the same time.
  mutating func shift(by nanoseconds: Int64) {
    guard nanoseconds != 0 else { return }
    let shift = EngineTime(nanoseconds: nanoseconds)
    for index in arrivals.indices {
      arrivals[index].time += shift
      if let abort = arrivals[index].abortTime { arrivals[index].abortTime = abort + shift }
    }
  }

  /// Gives each arrival a new moment, nanoseconds; clients keep their patience.
  mutating func setTimes(_ time: (Int) -> Int64) {
    for index in arrivals.indices {
      let moment = EngineTime(nanoseconds: time(index))
      let patience = arrivals[index].abortTime.map { $0 - arrivals[index].time }
      arrivals[index].time = moment
      arrivals[index].abortTime = patience.map { moment + $0 }
    }
  }

  /// False, with nothing changed, when a time would leave the reader's limit.
  mutating func divideTimes(by scale: Double) -> Bool {
    guard scale != 1, let last = arrivals.last else { return true }
    guard Double(last.time.nanoseconds) / scale <= Double(TraceLimits.time) else { return false }
    let times = arrivals.map(\.time.nanoseconds)
    setTimes { Int64((Double(times[$0]) / scale).rounded()) }
    return true
  }
}
