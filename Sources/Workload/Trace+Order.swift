import Core

extension Trace {
  /// Sorts by time; arrivals of one moment keep their order. Answers that prompts quote
  /// follow their requests to the new numbers.
  ///
  /// - Parameter rows: Of each arrival, the number that prompts of its file quote it by,
  ///   ascending; empty where prompts quote nobody.
  mutating func sortByTime(isSorted: Bool, rows: [Int32]) {
    var order: [Int32]?
    if !isSorted {
      let times = arrivals.map(\.time)
      let sorted = (0..<Int32(truncatingIfNeeded: arrivals.count)).sorted { left, right in
        (times[Int(left)], left) < (times[Int(right)], right)
      }
      arrivals = sorted.map { arrivals[Int($0)] }
      order = sorted
    }
    let isUnmoved = order == nil && rows.last == Int32(truncatingIfNeeded: rows.count - 1)
    if rows.isEmpty || isUnmoved { return }
    var numbers: [Int32: Int] = [:]
    for position in rows.indices { numbers[rows[Int(order?[position] ?? Int32(position))]] = position }
    for position in arrivals.indices {
      if let prompt = arrivals[position].prompt.renamingAnswers(numbers) { arrivals[position].prompt = prompt }
    }
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
