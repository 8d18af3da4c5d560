import Analysis
import Core
import Testing

@Suite("Scoreboard")
struct ScoreboardTests {
  @Test("times of a request are those its client would see")
  func times() {
    let requests = pairOfRequests().scoreboard().requests
    #expect(requests[0].scheduled == .milliseconds(10) && requests[0].queue == .milliseconds(10))
    #expect(requests[0].ttft == .milliseconds(30) && requests[0].e2e == .milliseconds(80))
    // (80 − 30) / 3, to the nearest nanosecond.
    #expect(requests[0].tpot == .nanoseconds(16_666_667))
    #expect(requests[0].reused == 4 && requests[0].output == 4 && requests[0].outcome == .finished(.outputLimit))
  }

  @Test("the second admission of a preempted request moves neither its queue time nor its reused tokens")
  func secondAdmission() {
    let request = pairOfRequests().scoreboard().requests[1]
    #expect(request.scheduled == .milliseconds(30) && request.reused == 0 && request.preemptions == 1)
    #expect(request.ttft == .milliseconds(65) && request.tpot == nil)
  }

  @Test("totals of a complete run are those of its trace")
  func totals() {
    let scoreboard = pairOfRequests().scoreboard()
    #expect(scoreboard.arrived == 2 && scoreboard.completed == 2)
    #expect(scoreboard.inputTokens == 11 && scoreboard.outputTokens == 5 && scoreboard.emittedTokens == 5)
    #expect(scoreboard.steps == 5 && scoreboard.engineTime == .milliseconds(80))
    #expect(scoreboard.computedTokens == 2 + 4 + 1 + 5 + 1)
    #expect(scoreboard.preemptions == 1 && scoreboard.lostTokens == 3 && scoreboard.peakUsedBlocks == 4)
    #expect(scoreboard.prefixHitRate == 4.0 / 11)
  }

  @Test("ITL counts the gaps between emissions, and a preemption is a long gap")
  func gaps() {
    // A: 10, 10 and 30 ms; B emits once.
    let itl = pairOfRequests().scoreboard().itl
    #expect(itl.count == 3 && itl.max == .milliseconds(30) && itl.min == .milliseconds(10))
    #expect(itl.mean == 5e7 / 3)
  }

  @Test("tokens that come out together are one emission")
  func speculation() {
    var script = Script((0, 4, 7))
    script.step(10, [.arrived(0), .admitted(0), .computed(0, 4)])
    script.step(10, [.computed(0, from: 4, 4, drafted: 3, accepted: 2, emits: 3)])
    script.step(10, [.computed(0, from: 7, 4, drafted: 3, accepted: 0, emits: 1)])
    script.step(10, [.computed(0, from: 8, 2, drafted: 1, accepted: 1, emits: 2), .finished(0)])
    let scoreboard = script.scoreboard()
    #expect(scoreboard.itl.count == 3 && scoreboard.itl.max == .milliseconds(10))
    #expect(scoreboard.requests[0].tpot == .milliseconds(5))
    let tally = scoreboard.speculation
    #expect(tally.drafted == 7 && tally.accepted == 3 && tally.verifications == 3 && tally.acceptedPerVerify == 1)
    #expect(tally.acceptanceRate == 3.0 / 7)
    #expect(tally.acceptanceByPosition == [2.0 / 3, 1.0 / 2, 0])
    #expect(tally.verificationsByAccepted == [1, 1, 1, 0])
    #expect(scoreboard.requests[0].acceptanceRate == 3.0 / 7 && scoreboard.requests[0].verifications == 3)
  }

  @Test("a promise is kept at the limit, a rejection breaks it, an abort is not judged")
  func promises() {
    var script = Script((0, 4, 2), (0, 4, 2), (0, 90, 2), (0, 4, 2))
    script.step(
      10,
      [
        .arrived(0), .arrived(1), .arrived(2), .rejected(RequestID(2), .largerThanPool(blocks: 6, pool: 4)), .arrived(3),
        .admitted(0), .admitted(3), .computed(0, 4), .computed(3, 4),
      ])
    script.step(10, [.finished(3, .aborted), .admitted(1), .computed(0, from: 4, 1), .computed(1, 4), .finished(0)])
    script.step(10, [.computed(1, from: 4, 1), .finished(1)])
    let scoreboard = script.scoreboard(slo: SLO(ttft: .milliseconds(10), tpot: .milliseconds(10)))
    #expect(scoreboard.completed == 2 && scoreboard.rejected == 1 && scoreboard.aborted == 1 && scoreboard.met == 1)
    #expect(scoreboard.attainment == 1.0 / 3)
    #expect(abs((scoreboard.goodput ?? 0) - 1 / 0.03) < 1e-9)
    #expect(scoreboard.inputTokens == 8 && scoreboard.outputTokens == 4 && scoreboard.emittedTokens == 5)
    #expect(scoreboard.latencies(\.ttft)?.count == 2)
    #expect(script.scoreboard().attainment == nil && script.scoreboard().goodput == nil)
  }

  @Test("a miss is news in the step that shows it")
  func misses() {
    let slo = SLO(ttft: .milliseconds(40), tpot: .milliseconds(16))
    let script = pairOfRequests()
    var scoreboard = Scoreboard(slo: slo)
    var misses: [[SLOMiss.Quantity]] = []
    for step in script.steps {
      scoreboard.fold(step.events, step.record, arrivals: script.arrivals)
      misses.append(scoreboard.news.misses.map(\.quantity))
    }
    #expect(misses == [[], [], [], [.ttft], [.tpot]])
  }

  @Test("busy fractions are weighted by time, and one silent step leaves the energy unsaid")
  func hardware() {
    var script = pairOfRequests()
    let hardware = script.scoreboard().hardware
    #expect(hardware.busy == .milliseconds(70) && hardware.energy == 6)
    #expect(abs((hardware.smBusy ?? 0) - (0.02 + 0.005) / 0.07) < 1e-12)
    #expect(abs((hardware.mfu(peakOperationsPerSecond: 10_000) ?? 0) - 100 / (0.07 * 10_000)) < 1e-12)
    script.step(10, [])
    #expect(script.scoreboard().hardware.energy == nil)
  }

  @Test("requests turned away while nothing runs need no step")
  func withoutStep() {
    let script = Script((5, 0, 1))
    var scoreboard = Scoreboard()
    scoreboard.fold([.arrived(0), .rejected(RequestID(0), .emptyPrompt)], at: .milliseconds(5), arrivals: script.arrivals)
    #expect(scoreboard.arrived == 1 && scoreboard.rejected == 1 && scoreboard.steps == 0)
    #expect(scoreboard.requests[0].outcome == .rejected(.emptyPrompt))
  }

  @Test("gaps are those of a list kept for each request", arguments: [UInt64](1...6))
  func gapsAgainstLists(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "gaps")
    var script = Script((0, 1, 900), (0, 1, 900), (0, 1, 900), (0, 1, 900), (0, 1, 900))
    var emissions = [[EngineTime]](repeating: [], count: 5)
    script.step(1, (0..<5).map { .arrived($0) } + (0..<5).map { .admitted($0) })
    for _ in 0..<300 {
      let milliseconds = 1 + random.below(3)
      let present = (0..<5).filter { _ in random.below(4) > 0 }
      script.step(milliseconds, present.map { .computed($0, 1, emits: Int16(1 + random.below(3))) })
      for number in present { emissions[number].append(script.clock.now) }
    }
    let gaps = emissions.flatMap { times in zip(times, times.dropFirst()).map { $1 - $0 } }
    let itl = script.scoreboard().itl
    let exact = Percentiles(of: gaps)
    #expect(itl.count == gaps.count && itl.mean == exact?.mean && itl.max == gaps.max(), "seed \(seed)")
    #expect(itl.quantile(0.9).map { abs($0 - (exact?.p90 ?? 0)) <= $0 / 250 } == true, "seed \(seed)")
  }
}
