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

extension Prompt {
  /// The prompt with `output(of:)` streams renumbered, or nil when it quotes no answer.
  ///
  /// An answer whose request is not in the trace becomes a shared text of its own, so
  /// that prompts quoting it still agree with each other and with nothing else.
  func renamingAnswers(_ numbers: [Int32: Int]) -> Prompt? {
    guard var runs, runs.contains(where: { $0.stream.key >> 56 == 3 }) else { return nil }
    for index in runs.indices where runs[index].stream.key >> 56 == 3 {
      let number = runs[index].stream.key & 0xff_ffff_ffff_ffff
      if let row = Int32(exactly: number), let position = numbers[row] {
        runs[index].stream = .output(of: RequestID(position))
      } else {
        runs[index].stream = .shared(~number)
      }
    }
    return Prompt(runs)
  }
}
