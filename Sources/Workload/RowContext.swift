import Core

/// A request as its row states it, before it is put on the run's time axis.
struct Row {
  /// Nanoseconds on the file's own axis.
  var time: Int64
  var prompt: Prompt
  var output: Int
  var priority = 0
  /// When the client hangs up, on the same axis.
  var abort: Int64?
  var label: UInt16 = 0

  init(time: Int64, prompt: Prompt, output: Int) {
    self.time = time
    self.prompt = prompt
    self.output = output
  }
}

/// What a line of a file turned out to be.
enum RowOutcome {
  case request(Row)
  /// A request that failed where it was recorded: nothing of it can be replayed.
  case failed
  /// Calls that each wait for the answer before them: fixed arrival times cannot say that.
  case session
  /// A header: no row.
  case nothing
}

/// What the reader shares with the format that reads a line.
struct RowContext {
  /// From 1.
  var line = 0
  /// Rows before this one, good or bad; numbers the private tokens of a row.
  var row = 0
  var labels = LabelTable()
  var warnings: [TraceFault] = []
  var warningCount = 0

  mutating func warn(_ field: String, _ problem: @autoclosure () -> String) {
    warningCount += 1
    if warnings.count < TraceLimits.faultsKept {
      warnings.append(TraceFault(line: line, field: field, problem: problem()))
    }
  }
}

/// Names of labels in order of appearance; number 0 is "no label".
struct LabelTable {
  private(set) var names: [String] = [""]
  private var numbers: [String: UInt16] = ["": 0]

  /// The number of a name, new or known. Names beyond 65,535 share the number 0.
  mutating func number(of text: UnsafeRawBufferPointer) -> UInt16 {
    if text.isEmpty { return 0 }
    // A trace has a handful of labels: comparing bytes saves making a string for each row.
    for number in 1..<max(min(names.count, 8), 1) where names[number].utf8.elementsEqual(text) {
      return UInt16(number)
    }
    return number(of: String(decoding: text, as: UTF8.self))
  }

  mutating func number(of name: String) -> UInt16 {
    if let number = numbers[name] { return number }
    guard let number = UInt16(exactly: names.count) else { return 0 }
    names.append(name)
    numbers[name] = number
    return number
  }

  /// Sets the table as a header lists it; equal names keep their places.
  mutating func replace(with list: [String]) {
    names = list
    numbers = [:]
    for (number, name) in list.enumerated().reversed() { numbers[name] = UInt16(truncatingIfNeeded: number) }
  }
}
