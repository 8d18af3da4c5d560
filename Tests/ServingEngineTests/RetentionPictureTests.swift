import Core
import Hardware
import KVMemory
import Scheduling
@testable import ServingEngine
import Testing

/// Requests that give keys and values up, in counts.
@Suite("Retention")
struct RetentionPictureTests {
  private func bench(_ retain: String, protect: String = "none", prompts: [Int] = [20], outputs: [Int] = [20], reuses: Bool = false, blocks: Int = 100, host: Int = 0) throws -> TinyBench {
    var bench = TinyBench(tokensPerStep: 64, blocks: blocks, reuses: reuses, prompts: prompts, outputs: outputs, hostBlocks: host)
    try bench.engine.apply(Command(axis: "protect", choice: protect))
    try bench.engine.apply(Command(axis: "retain", choice: retain))
    return bench
  }

  /// `computed: kept positions, by block` before each of some steps.
  private func tables(_ bench: TinyBench, steps: Set<Int>) throws -> [String] {
    var bench = bench
    var lines: [String] = []
    while let report = try bench.engine.step(), report.record.step < 100 {
      #expect(KVCache.invariants.firstViolation(of: bench.engine.state.memory) == nil)
      guard steps.contains(report.record.step), let kept = bench.engine.kept(of: RequestID(0)) else { continue }
      let blocks = bench.engine.state.memory.tables[0].blocks.count
      lines.append("\(kept.computed): \(ranges(kept.positions[0])) in \(blocks) blocks")
    }
    return lines
  }

  private func ranges(_ positions: [Int32]) -> String {
    var ranges: [ClosedRange<Int32>] = []
    for position in positions {
      if let last = ranges.last, last.upperBound + 1 == position {
        ranges[ranges.count - 1] = last.lowerBound...position
      } else {
        ranges.append(position...position)
      }
    }
    return ranges.map { "\($0.lowerBound)–\($0.upperBound)" }.joined(separator: " ")
  }

  @Test("sink-window cuts whole blocks out between the first tokens and the last; nothing else is moved")
  func sinkWindow() throws {
    // Blocks of four. The prompt is read whole; before its first decode, blocks 1 and 2 lie before the window of 8.
    #expect(
      try tables(bench("sink-window:4:8"), steps: [0, 1, 4, 5, 9]) == [
        "20: 0–19 in 5 blocks", "21: 0–3 12–20 in 4 blocks", "24: 0–3 12–23 in 4 blocks", "25: 0–3 16–24 in 4 blocks",
        "29: 0–3 20–28 in 4 blocks",
      ])
  }

  @Test("protected tokens stay, whatever the window says")
  func protection() throws {
    #expect(
      try tables(bench("sink-window:4:8", protect: "prompt-prefix:7"), steps: [1, 9]) == [
        "21: 0–7 12–20 in 5 blocks", "29: 0–7 20–28 in 5 blocks",
      ])
    // Longer than the prompt: all of it.
    #expect(try tables(bench("sink-window:0:4", protect: "prompt-prefix:500"), steps: [9]) == ["29: 0–19 24–28 in 7 blocks"])
  }

  @Test("budgets give a block back at a time: in tokens, or as a share of what was computed")
  func budgets() throws {
    func slots(_ retain: String) throws -> String {
      var bench = try bench(retain, prompts: [40], outputs: [60])
      var slots: [Int] = []
      while let report = try bench.engine.step() {
        for case .compressed(_, let kept, let dropped, let freed) in report.events {
          slots.append(Int(kept))
          #expect(dropped >= 4 && freed >= 1)
          #expect(report.batch.slots[0].held == Int(kept))
        }
      }
      return slots.map(String.init).joined(separator: " ")
    }
    // 40, then each time four more were written.
    #expect(try slots("heavy-hitters:16") == Array(repeating: "16", count: 15).joined(separator: " "))
    // Half of 40, 48, 56, …
    #expect(try slots("heavy-hitters:50%") == "20 24 28 32 36 40 44 48")
    // Once, at the end of the prompt.
    #expect(try slots("snapshot:25%") == "10")
    // At least the newest 32, and only when 32 more were written than the budget.
    #expect(try slots("morph:1") == Array(repeating: "32", count: 15).joined(separator: " "))
    #expect(try slots("lazy:8:32") == "32 32")
  }

  @Test("freed blocks are another's: two requests that would not fit both stay")
  func room() throws {
    // 18 usable blocks of 4: two of 24 + 24 tokens want 24; with 16 each they need no more than 2 · 6.
    func preemptions(_ retain: String) throws -> Int {
      var bench = try bench(retain, prompts: [24, 24], outputs: [24, 24], blocks: 19)
      var preemptions = 0
      while let report = try bench.engine.step() { preemptions += Int(report.record.preemptions) }
      #expect(bench.engine.state.memory.pool.usedCount == 0)
      return preemptions
    }
    #expect(try preemptions("all") > 0)
    for retain in ["sink-window:4:12", "heavy-hitters:16", "snapshot:8"] { #expect(try preemptions(retain) == 0, "\(retain)") }
  }

  @Test("what others share or could find is not written: compaction takes blocks of its own, and contents stay findable")
  func shared() throws {
    let prompt = Prompt(TokenRun(.shared(1), count: 33))
    var bench = TinyBench(
      tokensPerStep: 64, blocks: 100, reuses: true, arrivals: [0, 30], prompts: [33, 33], outputs: [12, 2], contents: [prompt, prompt])
    try bench.engine.apply(Command(axis: "retain", choice: "heavy-hitters:8"))
    var (reused, firsts) = (0, 0)
    while let report = try bench.engine.step() {
      for compaction in report.plan.compactions where compaction.slots == 33 {
        #expect(Set(compaction.target).isDisjoint(with: compaction.source))
        firsts += 1
      }
      for case .admitted(_, let count) in report.events { reused += Int(count) }
      #expect(KVCache.invariants.firstViolation(of: bench.engine.state.memory) == nil)
    }
    // The second finds the whole prompt of the first, which had given most of it up; of its own queries it has too few to choose.
    #expect(reused == 32 && firsts == 1)
  }

  @Test("who is preempted computes all of it again, and then gives it up anew; what was swapped comes back as it was")
  func preemption() throws {
    for (host, mode) in [(0, "recompute"), (100, "swap")] {
      var bench = try bench("sink-window:4:60%", prompts: [16, 16], outputs: [32, 32], blocks: 14, host: host)
      try bench.engine.apply(Command(axis: "preemption", choice: mode))
      var story: [String] = []
      while let report = try bench.engine.step() {
        for event in report.events {
          switch event {
          case .preempted(let id, let released, let lost): story.append("\(id) leaves \(released) blocks, \(lost) lost")
          case .swappedOut(let id, let blocks, let tokens): story.append("\(id) of \(tokens) in \(blocks) blocks")
          case .swappedIn(let id, let blocks): story.append("\(id) back in \(blocks)")
          case .admitted(let id, let reused) where !story.isEmpty: story.append("\(id) from \(reused)")
          case .compressed(let id, let kept, let dropped, _) where id.index == 1: story.append("\(id) drops \(dropped) to \(kept)")
          default: break
          }
        }
        #expect(KVCache.invariants.firstViolation(of: bench.engine.state.memory) == nil)
      }
      #expect(bench.engine.state.memory.pool.usedCount == 0)
      let expected = mode == "swap"
        ? [
          "r1 drops 4 to 16", "r1 leaves 6 blocks, 0 lost", "r1 of 28 in 6 blocks", "r1 from 28", "r1 back in 6",
          "r1 leaves 7 blocks, 0 lost", "r1 of 30 in 7 blocks", "r1 from 30", "r1 back in 7", "r1 drops 4 to 23", "r1 drops 4 to 28",
        ]
        : [
          "r1 drops 4 to 16", "r1 leaves 6 blocks, 28 lost", "r1 from 0", "r1 drops 4 to 25", "r1 drops 4 to 22", "r1 drops 4 to 28",
        ]
      #expect(story == expected, "\(mode)")
    }
  }

  @Test("switched on, requests are watched before they choose; switched off, they go on without what they gave up")
  func switching() throws {
    var bench = TinyBench(tokensPerStep: 64, prompts: [24], outputs: [80])
    var story: [String] = []
    let commands = [3: "heavy-hitters:8", 50: "all", 60: "sink-window:4:4", 70: "snapshot:4"]
    while bench.engine.state.step < 1_000 {
      if let choice = commands[bench.engine.state.step] { try bench.engine.apply(Command(axis: "retain", choice: choice)) }
      guard let report = try bench.engine.step() else { break }
      for event in report.events {
        if case .settled(_, let settlement) = event { story.append("\(report.record.step): \(settlement.sentence)") }
        if case .compressed(_, let kept, _, _) = event, story.count < 3 { story.append("\(report.record.step): \(kept)") }
      }
    }
    #expect(
      story == [
        "3: 1 requests are watched for 32 tokens first", "35: 8", "39: 8", "50: 1 requests go on without what they gave up",
        "70: 1 requests go on as they were begun",
      ])
  }

  @Test("memory in one piece gives nothing back: each refuses the other")
  func refusals() throws {
    var bench = TinyBench(prompts: [3], outputs: [3], reservation: WorstCase(values: [0]))
    #expect(throws: CommandError("--retain sink-window: memory that is reserved in one piece gives nothing back (--reservation worst-case) — choose paged first")) {
      try bench.engine.apply(Command(axis: "retain", choice: "sink-window"))
    }
    try bench.engine.apply(Command(axis: "reservation", choice: "paged"))
    try bench.engine.apply(Command(axis: "retain", choice: "sink-window"))
    #expect(throws: CommandError.self) { try bench.engine.apply(Command(axis: "reservation", choice: "worst-case")) }
    let axis = try #require(AxisCatalogue.axis(named: "retain"))
    #expect(axis.fault(of: "morph:0%") == "--retain morph:0%: budget is a whole number from 1 to 1048576 or a share from 1% to 100% (tokens that are kept, or a share of a request's: 50%); write morph[:budget:recent]")
    #expect(try axis.choice("heavy-hitters:50%:20").description == "heavy-hitters:50%:20")
  }

  @Test("10,000 random switches leak no block", arguments: 0..<4)
  func storm(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "retention storm")
    let load = RandomLoad(300, gap: 12, &random)
    let outputs = load.outputs.map { $0 * (1 + random.below(4)) }
    var bench = TinyBench(
      tokensPerStep: 8 + random.below(40), sequences: 2 + random.below(8), blocks: 32 + random.below(30), blockSize: 3 + random.below(3),
      reuses: true, arrivals: load.arrivals, prompts: load.prompts, outputs: outputs, contents: load.contents,
      plansAhead: random.below(2) == 0, hostBlocks: 40)
    var emitted = [Int](repeating: 0, count: outputs.count)
    var (switches, compactions) = (0, 0)
    let axes = ["retain", "retain", "retain", "protect", "preemption", "prefix-cache", "attention", "batching"]
    var steps = 0
    while let report = try bench.engine.step() {
      for event in report.events {
        if case .computed(let id, _, _, _, _, let tokens) = event { emitted[id.index] += Int(tokens) }
        if case .compressed = event { compactions += 1 }
      }
      steps += 1
      if let sentence = KVCache.invariants.firstViolation(of: bench.engine.state.memory) {
        Issue.record("seed \(seed), step \(report.record.step): \(sentence)")
        return
      }
      for _ in 0..<3 where switches < 2_500 {
        let axis = try #require(AxisCatalogue.axis(named: axes[random.below(axes.count)]))
        var choice = SwitchingTests.randomChoice(of: axis, &random)
        if axis.name == "retain", random.below(2) == 0 { choice = ["sink-window:2:6", "heavy-hitters:6", "heavy-hitters:40%", "snapshot:50%", "morph:4:2", "lazy:5:3"][random.below(6)] }
        if axis.fault(of: choice, in: bench.engine) != nil { continue }
        try bench.engine.apply(Command(axis: axis.name, choice: choice))
        switches += 1
      }
    }
    #expect(switches == 2_500 && compactions > 20, "seed \(seed): \(switches) switches, \(compactions) compactions in \(steps) steps")
    #expect(emitted == outputs, "seed \(seed)")
    #expect(bench.engine.state.memory.pool.usedCount == 0 && bench.engine.state.memory.host?.parkedCount ?? 0 == 0)
    #expect(bench.engine.state.scheduler.droppedTokens == 0 && bench.engine.state.scheduler.filledSlots == 0)
  }
}
