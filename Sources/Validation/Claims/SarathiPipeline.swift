import Analysis
import Core
import Hardware
import ServingEngine

/// What equal micro-batches do to the bubbles of a pipeline.
enum SarathiPipeline {
  private static let stages = 8
  /// Requests in flight for each stage.
  private static let batch = 27
  private static let requests = 2 * stages * batch

  static func rows(_ id: String) throws(ClaimFault) -> [ClaimResult] {
    let trace = lengths()
    var points: [ClaimResult.Curve.Point] = []
    var throughput: [ClaimResult.Curve.Point] = []
    for budget in [4_096, 8_192] {
      let whole = try run(trace, "fcfs", "whole", budget)
      let chunked = try run(trace, "chunked", "chunked", 256)
      points.append(.init(at: budget.grouped, value: whole.bubble / chunked.bubble))
      throughput.append(.init(at: budget.grouped, value: chunked.rate / whole.rate))
    }
    let assumed = [
      ("layout", "8 stages of 8 A100-80, a node each, on 25 GB/s a GPU between them"),
      ("lengths", "1,024 to 4,096 tokens, Zipf with exponent 0.4, ten prompt tokens for each output token"),
      ("load", "\(requests) requests at once, \(stages * batch) in flight: \(batch) for each stage"),
      ("baseline", "whole prompts beside decodes (Orca), 4,096 tokens a batch at most; the curve also has 8,192"),
      ("chunk", "256 tokens a batch, decodes included"),
    ]
    return [
      ClaimResult(
        id, row: "GPT-3, pipeline: bubbles", metric: "bubble time of a stage over the run", published: .ratio(6.29), ours: points[0].value,
        assumed: assumed, curve: .init(over: "tokens of a batch of the baseline", points: points)),
      ClaimResult(
        id, row: "GPT-3, pipeline: throughput", metric: "requests a second", published: .ratio(1.91), ours: throughput[0].value,
        assumed: assumed, curve: .init(over: "tokens of a batch of the baseline", points: throughput)),
    ]
  }

  private static func run(
    _ trace: Trace, _ policy: String, _ prefill: String, _ budget: Int
  ) throws(ClaimFault) -> (bubble: Double, rate: Double) {
    var bubble = 0.0
    let score = try Trial(trace) {
      $0.device = "a100-80"
      $0.model = "gpt-3-175b"
      $0.tensorParallel = 8
      $0.pipelineParallel = stages
      $0.maxModelLength = 4_096
      $0.prefixCache = "off"
      $0.maxSequences = stages * batch
      $0.policy = policy
      $0.prefill = prefill
      $0.maxBatchedTokens = budget
    }.run(watching: { bubble += $0.bubble.seconds })
    guard score.completed == requests else { throw ClaimFault("\(score.completed) of \(requests) requests were served") }
    return (bubble, score.perEngineSecond(requests) ?? 0)
  }

  private static func lengths() -> Trace {
    var random = SplitMix(seed: 5, purpose: "lengths of a pipeline's requests")
    // Density as k^-0.4 between the ends.
    let (least, most) = (power(1_024, 0.6), power(4_096, 0.6))
    let arrivals = (0..<requests).map { number in
      let tokens = Int(power(least + random.unit() * (most - least), 1 / 0.6))
      let output = max(2, tokens / 11)
      return Arrival(time: .zero, prompt: Prompt(TokenRun(.own(number), count: tokens - output)), outputLimit: output)
    }
    return Trace(name: "Zipf", arrivals: arrivals)
  }
}
