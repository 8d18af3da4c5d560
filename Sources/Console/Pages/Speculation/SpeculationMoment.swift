import Analysis
import Core
import Hardware
import Host
import Scheduling
import Screen
import ServingEngine

/// What the panels of the page draw: who drafts, how it goes, and what each number of drafts costs.
struct SpeculationMoment {
  /// A running request.
  struct Row {
    var request: RequestID
    var tally: SpeculationTally
    var lengths: [UInt8]
    /// Tokens that it may draft next.
    var limit: Int
    /// Time per token without drafts over time per token as it drafts now; nil where one of them is not known.
    var speedup: Double?
    /// Drafts that did not stand, of all.
    var waste: Double? { tally.acceptanceRate.map { 1 - $0 } }
    /// Tokens of a verification, on average.
    var tokens: Double? { tally.acceptedPerVerify.map { $0 + 1 } }
  }

  /// A step with so many drafts for each request.
  struct Price {
    var drafts: Int
    /// Milliseconds.
    var draft: Double?
    var verify: Double?
    var tokens: Double?
    var millisecondsPerToken: Double?

    /// One is done while the other is.
    var overlaps = false

    var total: Double? { verify.map { overlaps ? max($0, draft ?? 0) : $0 + (draft ?? 0) } }
  }

  let run: Run
  let rows: [Row]
  let prices: [Price]
  /// Requests that decode now, or did in the last step.
  let sequences: Int
  var log: SpeculationLog { run.speculation }

  init(_ scene: Scene) {
    run = scene.run
    let engine = run.engine
    let scheduler = engine.state.scheduler
    let log = run.speculation
    sequences = max(1, Int(run.last?.record.sequences ?? 0))
    prices = Self.prices(run, sequences)
    let plain = prices.first?.total
    let prices = prices
    var rows = scheduler.running.compactMap { row -> Row? in
      let request = scheduler.requests[Int(row)].id
      guard let record = log.record(of: request) else { return nil }
      var found = Row(request: request, tally: record.tally, lengths: record.lengths, limit: engine.draftLimit(of: request))
      let usual = record.lengths.isEmpty ? 0 : Int((Double(record.lengths.reduce(0) { $0 + Int($1) }) / Double(record.lengths.count)).rounded())
      if let plain, let total = prices.first(where: { $0.drafts == usual })?.total, let tokens = found.tokens { found.speedup = tokens * plain / total }
      return found
    }
    let view = scene.view.speculation
    func weight(_ row: Row) -> Double {
      switch view.order {
      case .speedup: row.speedup ?? row.tokens ?? -1
      case .acceptance: row.tally.acceptanceRate ?? -1
      case .arrival: -Double(row.request.index)
      }
    }
    rows.sort { left, right in
      let (first, second) = (weight(left), weight(right))
      return first == second ? left.request < right.request : (first > second) != view.isReversed
    }
    self.rows = rows
  }

  /// Measured steps of a kind that are worth a mean.
  private static let leastSteps = 8

  private static func prices(_ run: Run, _ sequences: Int) -> [Price] {
    let engine = run.engine
    let most = max(engine.speculation?.most ?? 0, 6)
    if engine.device.modelledGPU != nil {
      return engine.draftPrices(upTo: most, measured: run.observatory.scoreboard.speculation.acceptanceByPosition).map {
        // Without a drafter there is no time of one.
        Price(
          drafts: $0.drafts, draft: engine.speculation == nil && $0.drafts > 0 ? nil : $0.drafting.milliseconds, verify: $0.verifying.milliseconds, tokens: $0.tokens,
          millisecondsPerToken: $0.millisecondsPerToken, overlaps: $0.overlaps)
      }
    }
    return (0...most).compactMap { drafts in
      guard let cost = run.speculation.cost(sequences: sequences, drafts: drafts), cost.steps >= leastSteps else { return nil }
      return Price(
        drafts: drafts, draft: cost.drafting.milliseconds / Double(cost.steps),
        verify: (cost.duration - cost.drafting).milliseconds / Double(cost.steps), tokens: cost.tokensPerStep,
        millisecondsPerToken: cost.millisecondsPerToken)
    }
  }

  /// How many drafts a step had depended on how well it went: then what was measured compares easy passages with hard ones,
  /// and not numbers of drafts.
  var followsLuck: Bool { !run.engine.device.isModelled && !(run.engine.speculation?.isSteady ?? false) }

  /// The number of drafts with the least time per token; nil where there is nothing to compare.
  var best: Price? {
    if followsLuck { return nil }
    let known = prices.filter { $0.millisecondsPerToken != nil }
    return known.count < 2 ? nil : known.min { ($0.millisecondsPerToken ?? 0) < ($1.millisecondsPerToken ?? 0) }
  }

  /// Share of single drafts that must stand for them to cost nothing; nil where that is not known.
  var breakEven: Double? {
    guard let plain = prices.first(where: { $0.drafts == 0 })?.total, let one = prices.first(where: { $0.drafts == 1 })?.total, plain > 0 else { return nil }
    return one / plain - 1
  }

  var losers: [Row] { rows.filter { ($0.speedup ?? 1) < 0.995 } }
}
