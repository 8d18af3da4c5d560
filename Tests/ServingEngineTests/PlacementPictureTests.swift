import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Testing

/// Side by side a batch of prompts takes three milliseconds, one of decodes one. A column is what ended in a step.
@Suite("Placements, drawn")
struct PlacementPictureTests {
  /// A row of `lane milliseconds` a step; `-` for a step that ended for an arrival.
  private func steps(_ bench: TinyBench) throws -> String {
    var bench = bench
    var words: [String] = []
    while let report = try bench.engine.step() {
      let lane = report.record.lane < 0 ? "-" : String(report.record.lane)
      words.append("\(lane):\(Int(report.record.duration.milliseconds))")
    }
    return words.joined(separator: " ")
  }

  @Test("decodes go on while a prompt is read, whose request then joins them")
  func sideBySide() throws {
    let bench = TinyBench(
      tokensPerStep: 8, arrivals: [0, 1], prompts: [4, 12], outputs: [7, 3], placement: "split-static")
    // A decodes while B's prompt is read in two batches; B's first token comes with the end of the second.
    try expectLanes(
      bench,
      """
      A  4 1 1 . 1 1 1 . 1 . .
      B  . . . 8 . . . 4 . 1 1
      """)
  }

  @Test("a step ends with a batch, or with an arrival for which a lane is free")
  func boundaries() throws {
    let bench = TinyBench(tokensPerStep: 8, arrivals: [0, 4], prompts: [4, 4], outputs: [4, 2], placement: "split-static")
    #expect(try steps(bench) == "0:3 1:1 1:1 1:1 0:1 1:1")
    let idle = TinyBench(tokensPerStep: 8, arrivals: [0, 1], prompts: [4, 4], outputs: [1, 1], placement: "split-static")
    #expect(try steps(idle) == "0:3 0:3")
  }

  /// `lane:SMs` of each batch that ended.
  private func shares(_ placement: String, arrivals: [Int] = [0, 4]) throws -> String {
    var bench = TinyBench(tokensPerStep: 8, arrivals: arrivals, prompts: [4, 4], outputs: [5, 2], placement: placement)
    var words: [String] = []
    while let report = try bench.engine.step() {
      if report.record.lane >= 0 { words.append("\(report.record.lane):\(report.record.share)") }
    }
    return words.joined(separator: " ")
  }

  @Test("split-static: each phase has its part, used or not, to the nearest division")
  func fixed() throws {
    #expect(try shares("split-static") == "0:6 1:4 1:4 1:4 0:6 1:4 1:4")
    #expect(try shares("split-static:35") == "0:4 1:6 1:6 1:6 0:4 1:6 1:6")
    #expect(try shares("split-static:99") == "0:8 1:2 1:2 1:2 0:8 1:2 1:2")
  }

  @Test("split-predictive: who is alone has all SMs; beside prompts decodes have as few as keep them within the slack")
  func predicted() throws {
    // A decode alone takes 1 ms on ten SMs, 1.25 on eight, 5 on two.
    #expect(try shares("split-predictive") == "0:10 1:10 1:8 1:8 0:2 1:8 1:10")
    #expect(try shares("split-predictive:600") == "0:10 1:10 1:2 1:2 0:8 1:2 1:10")
  }

  @Test("split-reactive: SMs go, a division after each window, to who misses the target by more")
  func reacting() throws {
    for (ttft, tpot, last) in [(1, 500_000, 8), (900_000, 500, 2), (900_000, 500_000, 4)] {
      let count = 80
      var bench = TinyBench(
        tokensPerStep: 8, arrivals: (0..<count).map { 3 * $0 }, prompts: Array(repeating: 4, count: count),
        outputs: Array(repeating: 3, count: count),
        outlook: Outlook(ttft: .microseconds(ttft), tpot: .microseconds(tpot)), placement: "split-reactive")
      var share = 0
      while let report = try bench.engine.step() { if report.record.lane == 0 { share = Int(report.record.share) } }
      #expect(share == last, "TTFT \(ttft) µs, TPOT \(tpot) µs")
    }
  }

  @Test("what is under way ends as it was begun: a batch on the whole device before lanes, lanes before a batch on the whole")
  func switching() throws {
    func told(_ bench: TinyBench, _ placement: String, after steps: Int) throws -> [String] {
      var bench = bench
      for _ in 0..<steps { _ = try bench.engine.step() }
      try bench.engine.apply(Command(axis: "placement", choice: placement))
      let report = try #require(try bench.engine.step())
      return report.events.compactMap { if case .settled(_, let settlement) = $0 { settlement.sentence } else { nil } }
    }
    let apart = TinyBench(tokensPerStep: 8, arrivals: [0, 1], prompts: [4, 12], outputs: [7, 3], placement: "split-static")
    #expect(try told(apart, "colocated", after: 3) == ["the batch under way ends first"])
    let ahead = TinyBench(tokensPerStep: 8, prompts: [4, 12], outputs: [7, 3], plansAhead: true)
    #expect(try told(ahead, "split-static", after: 2) == ["the batch under way ends first"])
    #expect(try told(TinyBench(tokensPerStep: 8, prompts: [4, 12], outputs: [7, 3]), "split-static", after: 2) == [])
    try expectLanes(
      apart, switching: [3: Command(axis: "placement", choice: "colocated")],
      """
      A  4 1 1 . 1 1 1 1
      B  . . . 8 4 1 1 .
      """)
  }

  @Test("a client that hangs up while its batch is under way leaves when that has ended")
  func hangingUp() throws {
    var bench = TinyBench(
      tokensPerStep: 8, arrivals: [0, 1], prompts: [4, 12], outputs: [7, 3], aborts: [1: 4], placement: "split-static")
    var ends: [Int] = []
    while let report = try bench.engine.step() {
      if report.events.contains(.finished(RequestID(1), .aborted)) { ends.append(Int(report.record.start.milliseconds)) }
    }
    // Its first chunk is under way from 3 to 6 ms.
    #expect(ends == [6])
    #expect(bench.engine.state.memory.pool.usedCount == 0)
  }

  @Test("a placement is refused in one line where it cannot be")
  func refused() throws {
    let bench = TinyBench(prompts: [3], outputs: [3])
    let axis = try #require(AxisCatalogue.axis(named: "placement"))
    #expect(axis.fault(of: "split-reactive", in: bench.engine) == "--placement split-reactive: it adapts to targets — give --slo-ttft-ms and --slo-tpot-ms")
    let staged = TinyBench(prompts: [3], outputs: [3], device: MillisecondDevice(stages: 2))
    #expect(axis.fault(of: "split-static", in: staged.engine) == "--placement split-static: each stage of a millisecond a step has a batch of its own already — leave --pp out")
  }
}
