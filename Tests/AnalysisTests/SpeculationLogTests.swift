import Analysis
import Core
import Testing

@Suite("Speculation log")
struct SpeculationLogTests {
  static let (first, second) = (RequestID(0), RequestID(1))

  /// A step of two requests that decode, the first with `drafts`, of which `accepted` stand.
  static func fold(_ log: inout SpeculationLog, step: Int, drafts: Int, accepted: Int, next: [Draft] = [], milliseconds: Int = 10) {
    let batch = Batch(slots: [
      Batch.Slot(request: first, first: 9, count: 1 + drafts, drafts: drafts, promptCount: 8, outputs: 2, samples: true),
      Batch.Slot(request: second, first: 9, count: 1, promptCount: 8, outputs: 2, samples: true),
    ])
    var outcome = BatchOutcome(
      slots: [BatchOutcome.Slot(accepted: accepted, emitted: accepted + 1), BatchOutcome.Slot(accepted: 0, emitted: 1)],
      tokens: (0...accepted).map { TokenID(70 + $0) } + [99], duration: .milliseconds(milliseconds))
    outcome.drafts = next
    var record = StepRecord()
    record.step = step
    record.sequences = 2
    record.draftTokens = Int32(drafts)
    record.acceptedTokens = Int32(accepted)
    record.emittedTokens = Int32(accepted + 2)
    record.duration = outcome.duration
    log.fold(batch, outcome, [], record)
  }

  @Test("a verification says what was guessed the step before, what of it stood, and what the model said itself")
  func verification() throws {
    var log = SpeculationLog()
    Self.fold(&log, step: 0, drafts: 0, accepted: 0, next: [Draft(request: Self.first, tokens: [5, 6, 7], confidence: [0.9, 0.8, 0.1])])
    // The planner had room for two of them.
    Self.fold(&log, step: 1, drafts: 2, accepted: 1)
    let found = try #require(log.verifications.last)
    #expect(found.draft == Draft(request: Self.first, tokens: [5, 6], confidence: [0.9, 0.8]))
    #expect(found.step == 1 && found.request == Self.first && found.accepted == 1 && found.target == 71)
    #expect(log.record(of: Self.first)?.tally.acceptanceRate == 0.5 && log.record(of: Self.second) == nil)
    log.fold(Batch(), BatchOutcome(slots: [], tokens: [], duration: .zero), [.finished(Self.first, .outputLimit)], StepRecord())
    #expect(log.record(of: Self.first) == nil && log.verifications.count == 1)
  }

  @Test("a token's cost is the step's over the tokens of a request, among steps of as many requests and drafts")
  func cost() throws {
    var log = SpeculationLog()
    for step in 0..<4 { Self.fold(&log, step: step, drafts: 0, accepted: 0, milliseconds: 8) }
    for step in 4..<6 { Self.fold(&log, step: step, drafts: 4, accepted: 4, milliseconds: 15) }
    // Four drafts for two requests are two for each; six tokens for two requests are three for each.
    #expect(log.cost(sequences: 2, drafts: 0)?.millisecondsPerToken == 8)
    #expect(log.cost(sequences: 2, drafts: 2)?.millisecondsPerToken == 5)
    #expect(log.cost(sequences: 2, drafts: 2)?.tokensPerStep == 3)
    #expect(log.cost(sequences: 3, drafts: 0) == nil)
  }

  @Test("only the last verifications are kept, in order")
  func memory() {
    var log = SpeculationLog()
    for step in 0..<3_000 {
      Self.fold(&log, step: step, drafts: 1, accepted: 1, next: [Draft(request: Self.first, tokens: [1])])
    }
    #expect(log.verifications.count >= 512 && log.verifications.count < 1_024 && log.verifications.last?.step == 2_999)
    #expect(zip(log.verifications, log.verifications.dropFirst()).allSatisfy { $0.step + 1 == $1.step })
    #expect((log.record(of: Self.first)?.lengths.count ?? 0) >= SpeculationLog.remembered)
  }
}
