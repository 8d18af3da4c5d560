import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import TestSupport
import Testing
import Transformer

@Suite("Host memory behind the prefix cache")
struct HostCacheTests {
  /// Two prompts of four full blocks take turns in a pool of five.
  private func bench(_ choice: String, hostBlocks: Int = 100) throws -> TinyBench {
    let contents = [0, 1, 0, 1].map { Prompt(TokenRun(.own($0), count: 17)) }
    var bench = TinyBench(
      tokensPerStep: 32, blocks: 6, reuses: true, arrivals: [0, 20, 40, 60], prompts: [17, 17, 17, 17], outputs: [1, 1, 1, 1],
      contents: contents, hostBlocks: hostBlocks)
    try bench.engine.apply(Command(axis: "host-cache", choice: choice))
    return bench
  }

  private func story(_ bench: TinyBench) throws -> [String] {
    var bench = bench
    var lines: [String] = []
    while let report = try bench.engine.step() {
      let slot = try #require(report.plan.slots.first)
      let record = report.record
      let back = report.events.compactMap { if case .swappedIn(_, let blocks) = $0 { Int(blocks) } else { nil } }.first ?? 0
      lines.append(
        "\(slot.request) computes \(slot.count), \(back) back, \(record.swappedBlocks) copied: \(record.transfer.milliseconds.fixedTwo) of \(record.duration.milliseconds.fixedTwo) ms")
      #expect(KVCache.invariants.firstViolation(of: bench.engine.state.memory) == nil)
    }
    return lines
  }

  @Test("what the pool evicts is copied out once and comes back by copies; both directions take a block's millisecond each, at the same time")
  func tier() throws {
    #expect(
      try story(bench("host")) == [
        "r0 computes 17, 0 back, 0 copied: 0.00 of 1.00 ms", "r1 computes 17, 0 back, 4 copied: 4.00 of 5.00 ms",
        "r2 computes 1, 4 back, 8 copied: 4.00 of 5.00 ms", "r3 computes 1, 4 back, 4 copied: 4.00 of 5.00 ms",
      ])
    #expect(
      try story(bench("off")).allSatisfy { $0.contains("computes 17, 0 back, 0 copied: 0.00 of 1.00 ms") })
  }

  @Test("copies beside the kernels cost what these do not hide; a faster link is faster")
  func speed() throws {
    #expect(try story(bench("host:0:0:1"))[1].hasSuffix("3.00 of 4.00 ms"))
    // A block is 1000 bytes: at 1 GB/s four take 4 µs, and the call that starts their copy 5.
    var fast = try bench("host:0:1")
    _ = try fast.engine.step()
    #expect(try fast.engine.step()?.record.transfer == .microseconds(5))
  }

  @Test("where there is room for two blocks, the most recently evicted stay; the rest of the prompt is computed")
  func room() throws {
    // The tail of a chain is evicted first, so the head is what stays.
    #expect(try story(bench("host", hostBlocks: 2))[2].hasPrefix("r2 computes 9, 2 back"))
  }

  @Test("switched off, what was kept is given up; the pool goes on")
  func switching() throws {
    var bench = try bench("host")
    _ = try bench.engine.step()
    _ = try bench.engine.step()
    try bench.engine.apply(Command(axis: "host-cache", choice: "off"))
    let report = try #require(try bench.engine.step())
    #expect(report.events.contains(.settled(axis: "host-cache", .forgotten(blocks: 4))))
    #expect(report.plan.slots.map(\.count) == [17])
  }

  @Test("where there is no host memory it is refused, before a run and while it goes on")
  func refusal() throws {
    var bench = TinyBench(prompts: [2], outputs: [2])
    #expect(throws: CommandError("--host-cache host: a millisecond a step has no host memory behind it")) {
      try bench.engine.apply(Command(axis: "host-cache", choice: "host"))
    }
    var configuration = Configuration.cpu
    configuration.tokens = RealModel(name: "workbench-small", source: .builtIn(.small))
    configuration.hostCache = "host:4"
    #expect(throws: ConfigurationError("--host-cache host:4: cpu, workbench-small has no host memory behind it — leave it off")) {
      try configuration.engine(for: Trace(name: "none", arrivals: []))
    }
  }
}

extension Double {
  fileprivate var fixedTwo: String {
    let hundredths = Int((self * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}
