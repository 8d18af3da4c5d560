import Analysis
import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Testing

/// A fleet small enough to work out by hand: every step takes a millisecond.
struct TinyFleet {
  var fleet: Fleet

  /// - Parameter link: `infiniband:1:N` takes N ms for each copy, as a block has no weight here.
  init(
    _ bench: TinyBench, roles: [Membership.Role], router: any Router = RoundRobin(), transfer: KVTransfer = .merged,
    millisecondsPerCopy: Int = 0, roleRule: RoleRule = .fixed
  ) throws {
    let isDisaggregated = roles.contains { $0 != .both }
    let gpu = try AcceleratorCatalogue.accelerator(named: "h100")
    fleet = Fleet(
      Array(repeating: bench.engine, count: roles.count), roles: roles,
      rules: FleetRules(
        router: router, transfer: transfer, linkChoice: .infiniband(gigabits: 1, microseconds: 1_000 * millisecondsPerCopy),
        roles: roleRule),
      cargo: isDisaggregated ? .init(bytesPerBlock: 0, copiesPerBlock: 1, gpus: 1, accelerators: [gpu, gpu]) : nil)
  }

  /// A row for each instance and millisecond: who computed how many tokens.
  mutating func picture() throws -> String {
    var rows = [[Int: String]](repeating: [:], count: fleet.instances.count)
    var end = 0
    while let report = try fleet.step() {
      let cells = report.events.compactMap { event -> String? in
        guard case .computed(let id, _, let count, _, _, _) = event else { return nil }
        return "\(Character(Unicode.Scalar(UInt8(65 + id.index))))\(count)"
      }
      let column = Int(report.record.start.milliseconds)
      rows[Int(report.record.instance)][column] = cells.joined(separator: "+")
      end = max(end, column + 1)
    }
    return rows.enumerated().map { number, cells in
      "\(number + 1) " + (0..<end).map { (cells[$0] ?? "").isEmpty ? "." : cells[$0]! }.joined(separator: " ")
    }.joined(separator: "\n")
  }
}

@Suite("Fleet")
struct FleetTests {
  // MARK: Pictures

  @Test("round-robin takes each in turn; the least loaded takes whoever comes while the others have more to do")
  func routers() throws {
    let bench = TinyBench(arrivals: [0, 0, 2, 3, 4], prompts: [4, 4, 4, 4, 4], outputs: [9, 2, 1, 2, 1])
    var turns = try TinyFleet(bench, roles: [.both, .both], router: RoundRobin())
    #expect(try turns.picture() == """
      1 A4 A1 A1+C4 A1 A1+E4 A1 A1 A1 A1
      2 B4 B1 . D4 D1 . . . .
      """)
    var least = try TinyFleet(bench, roles: [.both, .both], router: LeastLoaded())
    #expect(try least.picture() == """
      1 A4 A1 A1 A1 A1+E4 A1 A1 A1 A1
      2 B4 B1 C4 D4 D1 . . . .
      """)
  }

  @Test("a router that looks at prefixes sends a prompt where its beginning is")
  func prefixes() throws {
    let shared = { (number: Int, session: UInt64) in
      Prompt([TokenRun(.shared(session), count: 8), TokenRun(.own(number), count: 2)])
    }
    let contents = [shared(0, 1), shared(1, 2), shared(2, 2), shared(3, 1), shared(4, 2)]
    let bench = TinyBench(
      tokensPerStep: 16, reuses: true, arrivals: [0, 0, 3, 6, 9], prompts: contents.map(\.count), outputs: [1, 1, 1, 1, 1],
      contents: contents)
    var fleet = try TinyFleet(bench, roles: [.both, .both], router: PrefixAware())
    #expect(try fleet.picture() == """
      1 A10 . . . . . D2 . . .
      2 B10 . . C2 . . . . . E2
      """)
  }

  @Test("a prompt is read by one instance and decoded by another, which waits for the keys and values")
  func handingOn() throws {
    // A copy for each of two blocks takes 1 ms: r0 is out at 1 ms and decodes from 3 ms on.
    let bench = TinyBench(arrivals: [0, 1, 2], prompts: [8, 4, 4], outputs: [3, 3, 1])
    var fleet = try TinyFleet(bench, roles: [.prefill, .decode], transfer: .perBlock, millisecondsPerCopy: 1)
    // r1 is out at 2 ms and has to wait for the link until 3 ms; r2 asks for one token only.
    #expect(try fleet.picture() == """
      1 A8 B4 C4 . . .
      2 . . . A1 A1+B1 B1
      """)
    var merged = try TinyFleet(bench, roles: [.prefill, .decode], transfer: .merged, millisecondsPerCopy: 1)
    #expect(try merged.picture() == """
      1 A8 B4 C4 . .
      2 . . A1 A1+B1 B1
      """)
  }

  @Test("a target without room lets the source keep its blocks, and with them the next prompts out")
  func backpressure() throws {
    // Four blocks of four tokens each: r0 fills the target's pool until its end.
    let bench = TinyBench(tokensPerStep: 16, blocks: 5, arrivals: [0, 1, 2], prompts: [12, 12, 12], outputs: [4, 2, 2])
    var fleet = try TinyFleet(bench, roles: [.prefill, .decode])
    #expect(try fleet.picture() == """
      1 A12 B12 . . C12 .
      2 . A1 A1 A1 B1 C1
      """)
    #expect(fleet.fleet.instances.allSatisfy { $0.state.memory.pool.usedCount == 0 })
  }

  // MARK: Copies

  @Test("blocks that lie side by side on both ends go in one copy")
  func merging() {
    func calls(_ source: [BlockID], _ target: [BlockID]) -> [Int] {
      [KVTransfer.perBlock, .merged].map { $0.calls(source: source[...], target: target[...], copiesPerBlock: 64) }
    }
    #expect(calls([1, 2, 3], [7, 8, 9]) == [192, 1])
    #expect(calls([1, 2, 3], [7, 9, 10]) == [192, 2])
    #expect(calls([1, 3, 4, 5], [7, 8, 9, 11]) == [256, 3])
    #expect(calls([3, 2, 1], [7, 8, 9]) == [192, 3])
    #expect(calls([], []) == [0, 0])
  }

  // MARK: Conformance

  /// What the whole fleet must keep, after each step.
  static func violation(in fleet: Fleet) -> String? {
    for (number, engine) in fleet.instances.enumerated() {
      if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) { return "instance \(number + 1): \(sentence)" }
      let held = engine.state.requests.indices.filter {
        engine.state.requests[$0].phase == .moving && !engine.state.memory.tables[$0].blocks.isEmpty
      }
      let moving = fleet.moves.reduce(0) { count, move in
        count + (move.source == number ? 1 : 0)
          + { if case .granted(let transfer, _) = move.phase, Int(transfer.target) == number { 1 } else { 0 } }()
      }
      if held.count != moving { return "instance \(number + 1): \(held.count) requests are held, \(moving) move" }
    }
    return nil
  }

  @Test("whatever is switched: every request finishes once with all its tokens, no pool leaks, and a copy goes the same way", arguments: 0..<16)
  func storm(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "fleet storm")
    let count = 120
    let load = RandomLoad(count, gap: 3, &random)
    let outputs = load.outputs
    let isAsynchronous = random.below(2) == 0
    let bench = TinyBench(
      tokensPerStep: 4 + random.below(30), sequences: 1 + random.below(8), blocks: 16 + random.below(20), reuses: true,
      arrivals: load.arrivals, prompts: load.prompts, outputs: outputs, contents: load.contents, plansAhead: isAsynchronous,
      aborts: seed % 3 == 0 ? [5: 30, 11: 31, 17: 60, 80: 150] : [:], labels: (0..<count).map { _ in random.below(4) },
      hostBlocks: 1 + random.below(60), outlook: Outlook(ttft: .milliseconds(20), tpot: .milliseconds(2), seed: seed))
    let sides = [[Membership.Role.both, .both, .both], [.prefill, .decode], [.prefill, .prefill, .decode], [.prefill, .decode, .decode, .decode]]
    var fleet = try TinyFleet(bench, roles: sides[Int(seed % 4)], millisecondsPerCopy: random.below(3), roleRule: .loadAware(steps: 1)).fleet
    let first = fleet
    let axes = AxisCatalogue.all.filter { $0.name != "placement" && $0.name != "replicas" && $0.fault(of: $0.current(fleet.instances[0]), in: fleet.instances[0]) == nil }
    var emitted = [Int](repeating: 0, count: count)
    var finished = [Int](repeating: 0, count: count)
    var aborted: Set<Int> = []
    var moves: [KVMove] = []
    var latest = EngineTime.zero
    var script: [(step: Int, command: Command)] = []
    while true {
      if script.count < 60 {
        let axis = axes[random.below(axes.count)]
        let command = Command(axis: axis.name, choice: SwitchingTests.randomChoice(of: axis, &random))
        // A link that takes seconds for a copy makes the run long and shows nothing.
        if axis.name != "kv-link", axis.fault(of: command.choice, in: fleet.instances[0]) == nil {
          try fleet.apply(command)
          script.append((fleet.stepsTaken, command))
        }
      }
      guard let report = try fleet.step() else { break }
      #expect(report.record.start >= latest, "seed \(seed): step \(report.record.step) begins before the one before it")
      latest = report.record.start
      for event in report.events {
        switch event {
        case .computed(let id, _, _, _, _, let tokens): emitted[id.index] += Int(tokens)
        case .finished(let id, let reason):
          finished[id.index] += 1
          if reason == .aborted { aborted.insert(id.index) }
        case .rejected(let id, _):
          // Drafts that were switched on may make it too large for the pool.
          finished[id.index] += 1
          aborted.insert(id.index)
        case .moved(_, let move): moves.append(move)
        default: break
        }
      }
      if let sentence = Self.violation(in: fleet) {
        Issue.record("seed \(seed), step \(report.record.step): \(sentence)")
        return
      }
      try #require(fleet.stepsTaken < 50_000, "seed \(seed): the fleet does not come to an end")
    }
    #expect(fleet.isDone && fleet.nextStart == nil)
    #expect(finished == Array(repeating: 1, count: count), "seed \(seed)")
    for number in 0..<count where !aborted.contains(number) {
      #expect(emitted[number] == outputs[number], "seed \(seed), request \(number)")
    }
    #expect(fleet.instances.allSatisfy { $0.state.memory.pool.usedCount == 0 }, "seed \(seed)")
    #expect(moves.isEmpty == (seed % 4 == 0))
    checkLink(moves, seed)

    var again = first
    for (step, command) in script {
      while again.stepsTaken < step { _ = try again.step() }
      try again.apply(command)
    }
    while try again.step() != nil {}
    #expect(again.digest == fleet.digest, "seed \(seed)")
  }

  /// The link by what must be so of any serial way, whoever asks in which order: transfers of one way do not overlap, none
  /// begins before it may, and none waits while both its ways are free.
  private func checkLink(_ moves: [KVMove], _ seed: UInt64) {
    let moves = moves.filter { $0.source != $0.target && $0.end > $0.start }
    for (number, move) in moves.enumerated() {
      #expect(move.ready <= move.granted && move.granted <= move.start, "seed \(seed)")
      let neighbours = moves.enumerated().filter { $0.offset != number && ($0.element.source == move.source || $0.element.target == move.target) }
      #expect(neighbours.allSatisfy { $0.element.end <= move.start || move.end <= $0.element.start }, "seed \(seed)")
      #expect(
        move.start == move.granted || neighbours.contains { $0.element.end == move.start },
        "seed \(seed): a transfer waits for a free link")
    }
  }

  @Test("a fleet of one is that engine, and one instance by configuration is no fleet")
  func alone() throws {
    let trace = try Self.trace(requests: 60)
    var configuration = Configuration()
    configuration.kvBlocks = 300
    var engine = try configuration.engine(for: trace)
    while try engine.step() != nil {}
    configuration.replicas = 1
    var fleet = try configuration.fleet(for: trace)
    while try fleet.step() != nil {}
    #expect(!fleet.isSeveral)
    #expect(fleet.digest == engine.state.history && fleet.now == engine.state.now)
  }

  // MARK: Modelled

  /// Every fourth request is long, by turns.
  static func trace(requests: Int, everyMilliseconds gap: Int = 40, sessions: Int = 0) throws -> Trace {
    Trace(
      name: "skewed",
      arrivals: (0..<requests).map { number in
        let long = number % 4 == 0
        let own = TokenRun(.own(number), count: sessions > 0 ? 40 : long ? 6_000 : 200)
        return Arrival(
          time: .milliseconds(number * gap),
          prompt: Prompt(sessions > 0 ? [TokenRun(.shared(UInt64(number * 7 % sessions)), count: 2_000), own] : [own]),
          outputLimit: long ? 300 : 40)
      })
  }

  static func score(_ trace: Trace, _ change: (inout Configuration) -> Void) throws -> Scoreboard {
    var configuration = Configuration()
    change(&configuration)
    var fleet = try configuration.fleet(for: trace)
    var scoreboard = Scoreboard()
    while let report = try fleet.step() { scoreboard.fold(report.events, report.record, arrivals: trace.arrivals) }
    #expect(scoreboard.completed == trace.arrivals.count)
    return scoreboard
  }

  @Test("where every fourth request is long, four instances by turns leave one with all of them; by load they share")
  func skewedLoad() throws {
    let trace = try Self.trace(requests: 240)
    let turns = try Self.score(trace) { ($0.replicas, $0.router) = (4, "round-robin") }
    let least = try Self.score(trace) { ($0.replicas, $0.router) = (4, "least-loaded") }
    let (slow, fast) = (try #require(turns.latencies(\.e2e)), try #require(least.latencies(\.e2e)))
    #expect(fast.p99 < 0.8 * slow.p99)
    #expect(turns.instances[0].prefillTokens > 5 * turns.instances[1].prefillTokens)
  }

  @Test("conversations that go where their prefix is reuse more of it")
  func prefixReuse() throws {
    let trace = try Self.trace(requests: 200, everyMilliseconds: 150, sessions: 15)
    let turns = try Self.score(trace) { ($0.replicas, $0.router) = (3, "least-loaded") }
    let aware = try Self.score(trace) { ($0.replicas, $0.router) = (3, "prefix-aware") }
    #expect(aware.reusedTokens > turns.reusedTokens)
    #expect(try #require(aware.latencies(\.ttft)).mean < (try #require(turns.latencies(\.ttft))).mean)
  }

  @Test("a prefill side with too much to do gets an instance of the other, and first tokens come sooner")
  func changingSides() throws {
    let trace = try Self.trace(requests: 160, everyMilliseconds: 30)
    let fixed = try Self.score(trace) { $0.placement = "disaggregated:1x3" }
    let aware = try Self.score(trace) { ($0.placement, $0.roles) = ("disaggregated:1x3", "load-aware:2") }
    #expect(try #require(aware.latencies(\.ttft)).mean < 0.7 * (try #require(fixed.latencies(\.ttft))).mean)
  }

  @Test("decodes that stand apart from prompts have steady gaps, and merged copies arrive sooner than one for each block")
  func interference() throws {
    let trace = try Self.trace(requests: 160, everyMilliseconds: 60)
    let together = try Self.score(trace) { $0.replicas = 2 }
    let apart = try Self.score(trace) { ($0.placement, $0.kvTransfer) = ("disaggregated:1x1", "merged") }
    let blockwise = try Self.score(trace) { $0.placement = "disaggregated:1x1" }
    #expect(try #require(apart.latencies(\.tpot)).p99 < (try #require(together.latencies(\.tpot))).p99)
    #expect(blockwise.link.moves == apart.link.moves && apart.link.moving < blockwise.link.moving)
    #expect(apart.link.calls < blockwise.link.calls / 64)
  }

  @Test("what cannot be, says why and what can")
  func refusals() throws {
    let trace = try Self.trace(requests: 2)
    func fault(_ change: (inout Configuration) -> Void) -> String? {
      var configuration = Configuration()
      change(&configuration)
      do {
        _ = try configuration.fleet(for: trace)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(fault { ($0.replicas, $0.placement) = (2, "disaggregated:1x1") }
      == "--replicas 2: --placement disaggregated:1x1 says how many instances there are — leave it out")
    #expect(fault { $0.decodeDevice = "a100" }
      == "--decode-device, --decode-tp: with --placement colocated every instance decodes — give --placement disaggregated:PxD, or leave them out")
    #expect(fault { $0 = .cpu; $0.replicas = 2 }?.contains("this machine's cores are one instance") == true)
    #expect(fault { $0.placement = "disaggregated:0x1" }?.contains("P is a whole number from 1 to 64") == true)

    var fleet = try TinyFleet(TinyBench(prompts: [4], outputs: [2]), roles: [.both, .both]).fleet
    func refusal(_ axis: String, _ choice: String) -> String? {
      do {
        try fleet.apply(Command(axis: axis, choice: choice))
        return nil
      } catch {
        return error.description
      }
    }
    #expect(refusal("placement", "disaggregated:2x1")
      == "--placement disaggregated:2x1: a run keeps its GPUs — fork it")
    #expect(refusal("kv-transfer", "merged")
      == "--kv-transfer merged: no request moves between instances — start a run with --placement disaggregated:PxD")
    #expect(refusal("router", "prefix-aware:50") == nil)
    let report = try #require(try fleet.step())
    #expect(report.events.filter { if case .switched = $0 { true } else { false } } == [.switched(axis: "router", to: "prefix-aware:50")])
  }
}

@Suite("Routers")
struct RouterTests {
  @Test("each of the catalogue has its own name, and sends a request to someone who is there, the same one if asked again", arguments: 0..<40)
  func conformance(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "routers")
    let names = RouterCatalogue.members.map { $0.descriptor.name }
    #expect(Set(names).count == names.count)
    for member in RouterCatalogue.members {
      let numbers = member.descriptor.parameters.map { $0.range.lowerBound + random.below($0.range.count) }
      let router = member.init(values: numbers)
      #expect(router.values == numbers)
      let instances = (0..<1 + random.below(6)).map { number in
        var glance = Glance(instance: 2 * number, waiting: random.below(90), running: random.below(200), freeBlocks: random.below(9))
        glance.promptTokens = 1 + random.below(900)
        glance.cachedTokens = random.below(glance.promptTokens)
        return glance
      }
      let turn = random.below(1_000)
      let position = router.choose(among: instances, turn: turn)
      #expect(instances.indices.contains(position), "\(router.choice), seed \(seed)")
      #expect(position == router.choose(among: instances, turn: turn))
    }
  }

  @Test("equal loads go round; loads that have drifted apart count for more than a prefix")
  func preferences() {
    func glances(_ loads: [(waiting: Int, running: Int, cached: Int)]) -> [Glance] {
      loads.enumerated().map { number, load in
        var glance = Glance(instance: number, waiting: load.waiting, running: load.running, freeBlocks: 0)
        (glance.promptTokens, glance.cachedTokens) = (100, load.cached)
        return glance
      }
    }
    let even = glances([(0, 4, 0), (0, 4, 0), (1, 0, 0)])
    #expect((0..<4).map { LeastLoaded().choose(among: even, turn: $0) } == [0, 1, 2, 0])
    #expect(LeastLoaded().choose(among: glances([(1, 0, 0), (0, 3, 0)]), turn: 0) == 1)
    let prefix = PrefixAware()
    #expect(prefix.choose(among: glances([(0, 40, 90), (0, 0, 0)]), turn: 0) == 0)
    #expect(prefix.choose(among: glances([(0, 40, 29), (0, 0, 0)]), turn: 0) == 1, "less than 30 % of the prompt")
    #expect(prefix.choose(among: glances([(0, 65, 90), (0, 0, 0)]), turn: 0) == 1, "65 requests more")
  }
}
