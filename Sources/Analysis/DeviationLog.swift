import Core

/// What a lossy cache does to tokens, as measured since the choice that makes it lossy was last switched.
///
/// A fold over steps; without comparisons it costs nothing.
public struct DeviationLog: Sendable {
  /// Sums over comparisons.
  public struct Tally: Equatable, Sendable {
    public fileprivate(set) var count = 0
    public fileprivate(set) var agreements = 0
    fileprivate var divergence = 0.0
    public fileprivate(set) var worst = 0.0

    /// Mean Kullback-Leibler divergence of the next token, nats; nil before the first.
    public var meanDivergence: Double? { count > 0 ? divergence / Double(count) : nil }
    /// Part of the greedy choices that are the exact cache's; nil before the first.
    public var agreement: Double? { count > 0 ? Double(agreements) / Double(count) : nil }

    fileprivate mutating func add(_ deviation: Deviation) {
      count += 1
      if deviation.agrees { agreements += 1 }
      divergence += deviation.divergence
      worst = max(worst, deviation.divergence)
    }
  }

  public private(set) var all = Tally()
  /// Of each request that was compared, by its number, those that have left too.
  public private(set) var requests: [(request: RequestID, tally: Tally)] = []
  /// Means of the last steps that compared anything, the latest last.
  public private(set) var steps: [(step: StepIndex, divergence: Double, attention: Double)] = []
  /// Time that comparing took so far.
  public private(set) var shadowing = EngineTime.zero
  private var attention: [Double] = []

  public static let remembered = 256

  public init() {}

  /// Mean relative error of the attention output of each layer; empty before the first comparison.
  public var attentionErrors: [Double] { attention.map { $0 / Double(max(1, all.count)) } }
  /// Mean over the layers; nil before the first comparison.
  public var attentionError: Double? {
    attention.isEmpty ? nil : attentionErrors.reduce(0, +) / Double(attention.count)
  }

  /// Those that suffer most come first.
  public var worst: [(request: RequestID, tally: Tally)] {
    requests.sorted { ($1.tally.meanDivergence ?? 0, $0.request) < ($0.tally.meanDivergence ?? 0, $1.request) }
  }

  /// Choices that make a cache lossy.
  static let lossy = ["kv-format", "retain", "protect", "attention"]

  public mutating func fold(_ outcome: BatchOutcome, _ events: [EngineEvent], step: StepIndex) {
    for event in events {
      if case .switched(let axis, _) = event, Self.lossy.contains(axis) { self = DeviationLog() }
    }
    guard !outcome.deviations.isEmpty else { return }
    shadowing += outcome.shadowing
    var (divergence, error) = (0.0, 0.0)
    for deviation in outcome.deviations {
      all.add(deviation)
      let place = requests.firstIndex { $0.request >= deviation.request } ?? requests.count
      if place == requests.count || requests[place].request != deviation.request { requests.insert((deviation.request, Tally()), at: place) }
      requests[place].tally.add(deviation)
      if attention.isEmpty { attention = Array(repeating: 0, count: deviation.attention.count) }
      for (layer, value) in deviation.attention.enumerated() where layer < attention.count { attention[layer] += Double(value) }
      divergence += deviation.divergence
      error += deviation.attentionError ?? 0
    }
    let count = Double(outcome.deviations.count)
    if steps.count >= 2 * Self.remembered { steps.removeFirst(Self.remembered) }
    steps.append((step, divergence / count, error / count))
  }
}
