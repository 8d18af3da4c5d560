import Analysis
import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Testing
import Transformer

/// Keys and values change their format while requests are in flight.
@Suite("Switching KV formats")
struct KVFormatSwitchingTests {
  /// A modelled GPU whose pool has few blocks.
  static func modelled(_ arrivals: [Arrival], blocks: Int? = nil, _ choose: (inout Configuration) -> Void = { _ in }) throws -> Engine {
    var configuration = Configuration()
    configuration.kvBlocks = blocks
    choose(&configuration)
    return try configuration.engine(for: Trace(name: "modelled", arrivals: arrivals))
  }

  static func load(_ count: Int, seed: UInt64, gap: Int = 30, prompt: Int = 150, output: Int = 60) -> [Arrival] {
    var random = SplitMix(seed: seed, purpose: "formats")
    var time = 0
    return (0..<count).map { number in
      time += random.below(gap)
      let runs = [
        TokenRun(.shared(UInt64(random.below(3))), count: 1 + random.below(prompt / 2)), TokenRun(.own(number), count: 1 + random.below(prompt / 2)),
      ]
      return Arrival(time: .milliseconds(time), prompt: Prompt(runs), outputLimit: 1 + random.below(output))
    }
  }

  @Test("bytes of a token set the pool, and a round trip brings it back; blocks are converted once, before the next step")
  func pool() throws {
    var engine = try Self.modelled(Self.load(30, seed: 1), blocks: 100)
    for _ in 0..<10 { _ = try engine.step() }
    var sizes: [String] = []
    for format in ["f8", "int8", "int4-hadamard", "f16"] {
      try engine.apply(Command(axis: "kv-format", choice: format))
      sizes.append("\(format) \(engine.state.memory.pool.blockCount)")
    }
    #expect(sizes == ["f8 200", "int8 196", "int4-hadamard 355", "f16 100"])
    let report = try #require(try engine.step())
    // There and back between two steps, nothing was converted.
    #expect(!report.events.contains { if case .converted = $0 { true } else { false } })
    try engine.apply(Command(axis: "kv-format", choice: "int8"))
    let used = engine.state.memory.pool.usedCount + engine.state.memory.cachedFreeCount
    let converting = try #require(try engine.step())
    let conversion = try #require(converting.outcome.conversion)
    let bytes = used * 16 * (131_072 + 66_560)
    #expect(conversion.blocks == used && conversion.bytes == bytes)
    #expect(converting.events.contains(.converted(conversion)))
    #expect(converting.events.contains(.settled(axis: "kv-format", .resized(blocks: 196, from: 100, forgotten: 0))))
    let gpu = try #require(engine.device.modelledGPU)
    #expect(abs(conversion.duration.seconds / (Double(bytes) / (gpu.accelerator.bandwidth * 1e9)) - 1) < 0.001)
    #expect(gpu.kvFormat == .int8 && gpu.model.kvBytesPerToken() == 66_560)
  }

  @Test("a pool that could not hold what is in use, or what a request may come to need, is refused with the reason")
  func refusal() throws {
    let arrivals = (0..<20).map { Arrival(time: .zero, prompt: Prompt(TokenRun(.own($0), count: 150)), outputLimit: 40) }
    var engine = try Self.modelled(arrivals, blocks: 300) { ($0.kvFormat, $0.prefixCache) = ("int4", "off") }
    for _ in 0..<6 { _ = try engine.step() }
    let axis = try #require(AxisCatalogue.axis(named: "kv-format"))
    let fault = try #require(axis.fault(of: "f16", in: engine))
    #expect(fault.contains("200 blocks are in use") && fault.contains("83"), "\(fault)")
    #expect(throws: CommandError.self) { try engine.apply(Command(axis: "kv-format", choice: "f16")) }
    #expect(engine.kvFormat == .int4 && engine.state.memory.pool.blockCount == 300)

    let large = [Arrival(time: .zero, prompt: Prompt(TokenRun(.own(0), count: 10)), outputLimit: 1_500)]
    var one = try Self.modelled(large, blocks: 300) { $0.kvFormat = "int4" }
    _ = try one.step()
    #expect(axis.fault(of: "f16", in: one)?.contains("may need 95 blocks") == true)
    #expect(axis.fault(of: "int8", in: one) == nil)

    for (choose, word) in [
      ({ ($0.model) = "deepseek-v3" }, "latent"), ({ ($0.blockSize) = 8 }, "--block-size"),
      ({
        ($0, $0.blockSize) = (.cpu, 8)
        $0.tokens = RealModel(name: BuiltInModel.large.rawValue, source: .builtIn(.large))
      }, "--block-size"),
    ] as [((inout Configuration) -> Void, String)] {
      do {
        _ = try Self.modelled(large) { configuration in
          choose(&configuration)
          configuration.kvFormat = "kivi2"
          if word == "latent" { configuration.tensorParallel = 16 }
        }
        Issue.record("\(word): it was not refused")
      } catch { #expect("\(error)".contains(word) && !"\(error)".contains("\n"), "\(error)") }
    }
  }

  @Test("10,000 random switches among requests that come, share, are preempted, swapped and hang up: no block leaks, no token is lost")
  func storm() throws {
    var random = SplitMix(seed: 5, purpose: "format storm")
    var (switches, refused, runs, moved, converted) = (0, 0, 0, 0, 0)
    let others: [(axis: String, choices: [String])] = [
      ("prefix-cache", ["off", "lru", "value", "value:50"]), ("preemption", ["recompute", "swap"]), ("host-cache", ["off", "lru"]),
      ("reservation", ["paged", "worst-case"]), ("policy", ["fcfs", "chunked", "shortest-prompt"]), ("async-scheduling", ["on", "off"]),
    ]
    while switches < 10_000 {
      runs += 1
      var arrivals = Self.load(60, seed: UInt64(runs), gap: 12)
      for number in arrivals.indices where number % 9 == 4 { arrivals[number].abortTime = arrivals[number].time + .milliseconds(40) }
      var engine = try Self.modelled(arrivals, blocks: 25 + random.below(40)) { configuration in
        configuration.kvFormat = KVFormat.allCases[random.below(KVFormat.allCases.count)].rawValue
        configuration.preemption = "swap"
        configuration.maxSequences = 2 + random.below(20)
        configuration.asyncScheduling = random.below(2) == 0 ? "on" : "off"
      }
      var emitted = [Int](repeating: 0, count: arrivals.count)
      var (aborted, rejected): (Set<Int>, Set<Int>) = ([], [])
      while true {
        if let other = others.first(where: { _ in random.below(40) == 0 }) {
          let command = Command(axis: other.axis, choice: other.choices[random.below(other.choices.count)])
          if AxisCatalogue.axis(named: other.axis)?.fault(of: command.choice, in: engine) == nil { try engine.apply(command) }
        }
        for _ in 0..<6 {
          let choice = KVFormat.allCases[random.below(KVFormat.allCases.count)].rawValue
          guard choice != engine.kvFormat.rawValue else { continue }
          let before = engine.state.memory.tables.map(\.blocks)
          do {
            try engine.apply(Command(axis: "kv-format", choice: choice))
            switches += 1
          } catch { refused += 1 }
          if engine.state.memory.tables.map(\.blocks) != before { moved += 1 }
          if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) {
            Issue.record("seed 5, run \(runs), step \(engine.state.step), switch \(switches): \(sentence)")
            return
          }
        }
        guard let report = try engine.step() else { break }
        for event in report.events {
          switch event {
          case .computed(let id, _, _, _, _, let tokens): emitted[id.index] += Int(tokens)
          case .finished(let id, .aborted): aborted.insert(id.index)
          case .rejected(let id, _): rejected.insert(id.index)
          case .converted: converted += 1
          default: break
          }
        }
        if let sentence = KVCache.invariants.firstViolation(of: engine.state.memory) {
          Issue.record("seed 5, run \(runs), step \(report.record.step): \(sentence)")
          return
        }
      }
      #expect(engine.state.memory.pool.usedCount == 0 && engine.state.memory.host?.parkedCount ?? 0 == 0, "seed 5, run \(runs)")
      for number in arrivals.indices where !aborted.contains(number) && !rejected.contains(number) {
        #expect(emitted[number] == arrivals[number].outputLimit, "seed 5, run \(runs), request \(number)")
      }
    }
    print("\(switches) switches in \(runs) runs: \(refused) refused, \(moved) moved blocks, \(converted) conversions")
    #expect(refused > 100 && moved > 100 && converted > 1_000)
  }

  @Test("a copy that is told the same switches goes the same way; a run that switches nothing has the history it always had")
  func histories() throws {
    let arrivals = Self.load(40, seed: 2)
    func run(_ switching: [Int: String]) throws -> Digest {
      var engine = try Self.modelled(arrivals, blocks: 120)
      while true {
        if let choice = switching[engine.state.step] { try? engine.apply(Command(axis: "kv-format", choice: choice)) }
        guard try engine.step() != nil else { return engine.state.history }
      }
    }
    let switching = [5: "int8", 20: "kivi2", 21: "f16", 60: "f8"]
    let (plain, switched) = (try run([:]), try run(switching))
    let again = (try run([:]), try run(switching))
    #expect(again == (plain, switched) && plain != switched)
  }

  @Test("on the cpu, live blocks are converted in place and tokens flow on; eight bits and back keep their error and the pool")
  func cpu() throws {
    let bench = RealBench(arrivals: RealBench.arrivals(seed: 7))
    var engine = try bench.engine()
    var answers = Answers(count: bench.arrivals.count)
    var conversions: [KVConversion] = []
    let path = [(2, "int4-hadamard"), (4, "kivi2"), (6, "bfp8"), (8, "f16"), (9, "int8")]
    while true {
      if let (_, choice) = path.first(where: { $0.0 == engine.state.step }) { try engine.apply(Command(axis: "kv-format", choice: choice)) }
      guard let report = try engine.step() else { break }
      answers.fold(report)
      for case .converted(let conversion) in report.events {
        conversions.append(conversion)
        #expect(report.record.duration >= conversion.duration && conversion.blocks > 0 && conversion.duration > .zero)
      }
    }
    #expect(conversions.map(\.to.rawValue) == path.map(\.1))
    #expect(conversions[3].sentence.contains("stays lost") && !conversions[0].sentence.contains("stays lost"))
    #expect(engine.state.memory.pool.blockCount == bench.blocks && engine.state.memory.pool.usedCount == 0)
    for (number, arrival) in bench.arrivals.enumerated() { #expect(answers.tokens[number].count == arrival.outputLimit) }
    let axis = try #require(AxisCatalogue.axis(named: "kv-format"))
    let fresh = try bench.engine()
    let (int8, f16) = (try axis.choice("int8"), try axis.choice("f16"))
    #expect(axis.warning(fresh, int8) != nil && axis.warning(fresh, f16) == nil)
    #expect(axis.warning(engine, f16)?.contains("stays lost") == true)
  }

  @Test("under one format a request has the tokens that it has alone, however it is batched, cut and preempted", arguments: KVFormat.allCases + [.magnitudeSparse(percent: 50)])
  func invariance(format: KVFormat) throws {
    for seed in 0..<3 as Range<UInt64> {
      var random = SplitMix(seed: seed, purpose: "format schedules")
      var bench = RealBench(arrivals: RealBench.arrivals(seed: seed))
      bench.format = format
      let expected = try bench.alone()
      bench.tokensPerStep = 15 + random.below(50)
      bench.sequences = 3 + random.below(6)
      bench.blocks = 11 + random.below(4)
      bench.policy = PolicyCatalogue.members[random.below(PolicyCatalogue.members.count)].descriptor.name
      #expect(try bench.answers() == expected, "seed \(seed): \(bench.policy)")
    }
  }
}
