import Core

/// How drafts fare now: what was verified last, how each running request does, what a step cost with how many drafts.
///
/// A fold over batches and what came of them. Without drafts it costs a few additions a step.
public struct SpeculationLog: Sendable {
  /// One draft and what became of it.
  public struct Verification: Equatable, Sendable {
    public var step: StepIndex
    public var request: RequestID
    /// Tokens that were verified, as many as the step had.
    public var draft: Draft
    public var accepted: Int
    /// The model's own token, after those that stood.
    public var target: TokenID
    /// Numbers of the drafts that stood; nil where only how many is known, of a tree of tokens that are not real.
    public var standing: [Int]?
    /// What the model held likely; nil where nobody can look into it.
    public var judgement: Judgement?
  }

  /// A request that runs.
  public struct Record: Sendable {
    public fileprivate(set) var tally = SpeculationTally()
    /// Tokens verified in its last steps, the latest last, up to `SpeculationLog.remembered`.
    public fileprivate(set) var lengths: [UInt8] = []
    fileprivate var waiting: Draft?
  }

  /// Steps in which prompts were not read, with equally many sequences and, on average, equally many drafts for each.
  public struct Cost: Equatable, Sendable {
    public var steps = 0
    public var duration = EngineTime.zero
    /// The part of it in which drafts were made.
    public var drafting = EngineTime.zero
    public var sequences = 0
    public var emitted = 0

    /// Milliseconds from one token of a request to its next, on average.
    public var millisecondsPerToken: Double? { emitted > 0 ? duration.milliseconds * Double(sequences) / Double(emitted) / Double(steps) : nil }
    public var tokensPerStep: Double? { sequences > 0 ? Double(emitted) / Double(sequences) : nil }
  }

  public static let remembered = 128

  /// The last ones, the latest last.
  public private(set) var verifications: [Verification] = []
  /// Drafted and accepted tokens of the last steps that verified any, the latest last.
  public private(set) var steps: [(drafted: Int, accepted: Int)] = []
  private var records: [RequestID: Record] = [:]
  /// By sequences × 32 + drafts.
  private var costs: [Int: Cost] = [:]

  public init() {}

  /// Nil for a request that never drafted, or has left.
  public func record(of request: RequestID) -> Record? { records[request] }

  /// What steps of so many sequences cost with so many drafts for each; nil where there were none.
  public func cost(sequences: Int, drafts: Int) -> Cost? { costs[sequences * 32 + drafts] }

  public mutating func fold(_ batch: Batch, _ outcome: BatchOutcome, _ events: [EngineEvent], _ record: StepRecord) {
    if record.prefillTokens == 0, record.sequences > 0 { price(record) }
    guard record.draftTokens > 0 || !outcome.drafts.isEmpty || !records.isEmpty else { return }
    var token = 0
    for (slot, result) in zip(batch.slots, outcome.slots) {
      let emitted = outcome.tokens[token..<token + Int(result.emitted)]
      token += Int(result.emitted)
      guard !slot.draftsArePadding, slot.samples, records[slot.request] != nil || slot.drafts > 0 else { continue }
      verify(slot, result, emitted, outcome.judgements, step: record.step)
    }
    if record.draftTokens > 0 { Self.remember((Int(record.draftTokens), Int(record.acceptedTokens)), in: &steps) }
    for draft in outcome.drafts { records[draft.request, default: Record()].waiting = draft }
    for event in events { if case .finished(let request, _) = event { records[request] = nil } }
  }

  private mutating func verify(_ slot: Batch.Slot, _ result: BatchOutcome.Slot, _ emitted: ArraySlice<TokenID>, _ judgements: [Judgement], step: StepIndex) {
    var record = records[slot.request] ?? Record()
    if slot.drafts > 0, let target = emitted.last {
      record.tally.add(drafted: Int(slot.drafts), accepted: Int(result.accepted))
      var draft = record.waiting ?? Draft(request: slot.request, tokens: [])
      draft.cut(to: Int(slot.drafts))
      let accepted = Int(result.accepted)
      var standing: [Int]? = Array(0..<accepted)
      if let tree = draft.tree {
        let path = tree.path(of: emitted.dropLast(), in: draft.tokens)
        standing = path.count == accepted ? path : nil
      }
      Self.remember(
        Verification(
          step: step, request: slot.request, draft: draft, accepted: accepted, target: target, standing: standing,
          judgement: judgements.first { $0.request == slot.request }),
        in: &verifications, limit: 512)
    }
    Self.remember(UInt8(clamping: slot.drafts), in: &record.lengths)
    record.waiting = nil
    records[slot.request] = record
  }

  private mutating func price(_ record: StepRecord) {
    let sequences = Int(record.sequences)
    let drafts = (Int(record.draftTokens) + sequences / 2) / sequences
    guard drafts < 32 else { return }
    var cost = costs[sequences * 32 + drafts] ?? Cost()
    cost.steps += 1
    cost.duration += record.duration
    cost.drafting += record.drafting
    cost.sequences += sequences
    cost.emitted += Int(record.emittedTokens)
    costs[sequences * 32 + drafts] = cost
  }

  /// Twice as many are held for a while, so that each is moved once.
  private static func remember<Value>(_ value: Value, in values: inout [Value], limit: Int = remembered) {
    if values.count >= 2 * limit { values.removeFirst(limit) }
    values.append(value)
  }
}
