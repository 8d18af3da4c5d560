import Analysis
import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Testing
import Transformer

/// Elements of keys and values are given up while requests are in flight.
@Suite("Retention of the largest elements")
struct MagnitudeSparseTests {
  private static let choices = ["all", "magnitude-sparse:100%", "magnitude-sparse", "magnitude-sparse:30%", "sink-window:4:40"]

  @Test("on a modelled GPU the share sets the pool; what is in memory is converted once, and the way back is told")
  func pool() throws {
    var engine = try KVFormatSwitchingTests.modelled(KVFormatSwitchingTests.load(30, seed: 1), blocks: 1_000)
    for _ in 0..<10 { _ = try engine.step() }
    var sizes: [String] = []
    for choice in ["magnitude-sparse:100%", "magnitude-sparse", "magnitude-sparse:30%", "all"] {
      try engine.apply(Command(axis: "retain", choice: choice))
      sizes.append("\(choice) \(engine.state.memory.pool.blockCount)")
    }
    // 256 bytes of a head become 294, 166 and 116; a block of 16 tokens for each of 256 sequences is set aside in half precision.
    #expect(sizes == ["magnitude-sparse:100% 647", "magnitude-sparse 1147", "magnitude-sparse:30% 1641", "all 1000"])
    try engine.apply(Command(axis: "retain", choice: "magnitude-sparse:30%"))
    let report = try #require(try engine.step())
    let conversion = try #require(report.outcome.conversion)
    #expect(conversion.to == .magnitudeSparse(percent: 30) && conversion.from == .f16 && report.events.contains(.converted(conversion)))
    #expect(conversion.bytes == conversion.blocks * 16 * (131_072 + 32 * 8 * 2 * 116))
    let axis = try #require(AxisCatalogue.axis(named: "retain"))
    #expect(axis.warning(engine, try axis.choice("all"))?.contains("stay zero") == true)
    #expect(AxisCatalogue.axis(named: "kv-format")?.current(engine) == "f16")
    #expect(engine.device.modelledGPU?.model.kvBytesPerToken() == 32 * 8 * 2 * 116)
  }

  @Test("other formats, and pools that would not hold what is in use, are refused in one line with the way out")
  func refusal() throws {
    let load = KVFormatSwitchingTests.load(8, seed: 2)
    let (retain, format) = (try #require(AxisCatalogue.axis(named: "retain")), try #require(AxisCatalogue.axis(named: "kv-format")))
    let eight = try KVFormatSwitchingTests.modelled(load) { $0.kvFormat = "int8" }
    #expect(retain.fault(of: "magnitude-sparse", in: eight)?.hasSuffix("(--kv-format int8) — choose --kv-format f16 first") == true)
    let pruned = try KVFormatSwitchingTests.modelled(load) { $0.retain = "magnitude-sparse:30%" }
    #expect(format.fault(of: "int8", in: pruned)?.contains("--retain all first") == true && format.fault(of: "f16", in: pruned) == nil)
    #expect(retain.fault(of: "magnitude-sparse:40") == "--retain magnitude-sparse:40: elements is a share from 1% to 100% (of a token's head that are kept: 50%); write magnitude-sparse[:elements]")
    #expect(throws: ConfigurationError("--retain magnitude-sparse: elements that are kept are in half precision — leave --kv-format int8 out")) {
      try KVFormatSwitchingTests.modelled(load) { ($0.kvFormat, $0.retain) = ("int8", "magnitude-sparse") }
    }
    let fleet = try { var configuration = Configuration(); configuration.replicas = 2; return try configuration.fleet(for: Trace(name: "two", arrivals: load)) }()
    let member = try #require(fleet.instances.first)
    #expect(retain.forkChoice("magnitude-sparse", of: member) != nil && retain.fault(of: "magnitude-sparse", in: member)?.contains("fork the run") == true)
  }

  @Test("200 random switches among requests that come, share, are preempted and go: no block leaks, no token is lost", arguments: 0..<6)
  func storm(seed: Int) throws {
    var random = SplitMix(seed: UInt64(seed), purpose: "pruned storm")
    let arrivals = KVFormatSwitchingTests.load(60, seed: UInt64(seed), gap: 12)
    var engine = try KVFormatSwitchingTests.modelled(arrivals, blocks: 60 + random.below(60)) { configuration in
      configuration.preemption = "swap"
      configuration.maxSequences = 2 + random.below(10)
    }
    var emitted = [Int](repeating: 0, count: arrivals.count)
    var rejected: Set<Int> = []
    var (switches, refused, converted) = (0, 0, 0)
    while true {
      while switches < 200, random.below(3) > 0 {
        let axis = random.below(4) == 0 ? "kv-format" : "retain"
        let choice = axis == "retain" ? Self.choices[random.below(Self.choices.count)] : ["f16", "int8"][random.below(2)]
        do {
          try engine.apply(Command(axis: axis, choice: choice))
          switches += 1
        } catch { refused += 1 }
        if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) { Issue.record("seed \(seed), switch \(switches): \(sentence)") }
      }
      guard let report = try engine.step() else { break }
      for event in report.events {
        switch event {
        case .computed(let id, _, _, _, _, let tokens): emitted[id.index] += Int(tokens)
        case .rejected(let id, _): rejected.insert(id.index)
        case .converted: converted += 1
        default: break
        }
      }
      if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) { Issue.record("seed \(seed), step \(report.record.step): \(sentence)") }
    }
    #expect(switches == 200 && converted > 20, "seed \(seed): \(switches) switches, \(refused) refused, \(converted) conversions")
    #expect(engine.state.memory.pool.usedCount == 0 && engine.state.memory.host?.parkedCount ?? 0 == 0, "seed \(seed)")
    for number in arrivals.indices where !rejected.contains(number) { #expect(emitted[number] == arrivals[number].outputLimit, "seed \(seed), request \(number)") }
  }

  @Test("on the cpu too: live blocks change in place, memory counts what is stored, and tokens flow on", arguments: 0..<3)
  func cpu(seed: Int) throws {
    var random = SplitMix(seed: UInt64(seed), purpose: "pruned cpu")
    var bench = RealBench(arrivals: RealBench.arrivals(seed: UInt64(seed)))
    bench.tokensPerStep = 15 + random.below(50)
    bench.blocks = 14 + random.below(10)
    var engine = try bench.engine()
    var answers = Answers(count: bench.arrivals.count)
    var (switches, converted) = (0, 0)
    while true {
      while switches < 200, random.below(6) > 0 {
        let choice = (Self.choices + ["heavy-hitters:24"])[random.below(Self.choices.count + 1)]
        try engine.apply(Command(axis: "retain", choice: choice))
        switches += 1
      }
      guard let report = try engine.step() else { break }
      answers.fold(report)
      for case .converted(let conversion) in report.events {
        converted += 1
        #expect(report.record.duration >= conversion.duration && conversion.duration > .zero)
      }
      if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) { Issue.record("seed \(seed), step \(report.record.step): \(sentence)") }
    }
    #expect(switches > 100 && converted > 10, "seed \(seed): \(switches) switches, \(converted) conversions")
    #expect(engine.state.memory.pool.usedCount == 0)
    for (number, arrival) in bench.arrivals.enumerated() { #expect(answers.tokens[number].count == arrival.outputLimit, "seed \(seed), request \(number)") }
  }

  @Test("all elements are the exact cache; with fewer a request has the tokens that it has alone, however it is batched, cut, shared and preempted")
  func invariance() throws {
    for seed in 0..<3 as Range<UInt64> {
      var random = SplitMix(seed: seed, purpose: "pruned schedules")
      var bench = RealBench(arrivals: RealBench.arrivals(seed: seed))
      let exact = try bench.alone()
      bench.format = .magnitudeSparse(percent: 100)
      #expect(try bench.alone() == exact, "seed \(seed)")
      bench.format = .magnitudeSparse(percent: 25)
      let expected = try bench.alone()
      #expect(expected != exact, "seed \(seed): what was given up is missed somewhere")
      bench.tokensPerStep = 15 + random.below(50)
      bench.sequences = 3 + random.below(6)
      bench.blocks = 11 + random.below(4)
      #expect(try bench.answers() == expected, "seed \(seed)")
    }
  }
}
