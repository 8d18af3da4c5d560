import Analysis
import Core
import Hardware
import ServingEngine

/// A crowd that decodes behind one long prefix, and a tree of prefixes: read once for all, or by each.
struct HydragenClaim: Claim {
  static let descriptor = Descriptor(
    name: "hydragen", summary: "a shared prefix read once for a large batch: throughput over prefix lengths, and trees of prefixes",
    source: "Juravsky et al., Hydragen, arXiv 2402.05099, abstract")

  private static let outputs = 128

  func run() throws(ClaimFault) -> [ClaimResult] {
    let id = Self.descriptor.name
    let prefixes = [1_024, 2_048, 4_096, 8_192, 16_240]
    var dense: [Double] = []
    var shared: [Double] = []
    for prefix in prefixes {
      dense.append(try Self.throughput("dense", prefix: prefix))
      shared.append(try Self.throughput("shared-prefix", prefix: prefix))
    }
    func kept(_ throughputs: [Double]) -> ClaimResult.Curve {
      .init(over: "tokens of the prefix", points: zip(prefixes, throughputs).map { .init(at: $0.grouped, value: $1 / throughputs[0]) })
    }
    let assumed: [(name: String, value: String)] = [
      ("model", "CodeLlama-13B"), ("device", "8 × A100-SXM-40GB, tensor parallel"), ("batch", "1,024 requests of the prefix and 128 outputs"),
      ("longest prefix", "16,240 tokens, so that the outputs fit the model's context"),
      ("baseline", "paged attention over the same shared blocks, each request reading all of its context"),
      ("measure", "outputs a second from the moment when the prefix is in memory"),
      ("kernels", "constants of prefill attention; nobody measured this form of it on these GPUs"),
    ]
    let last = prefixes.count - 1
    var sweep: [ClaimResult.Curve.Point] = []
    for batch in [64, 256, 512, 1_024, 1_536] {
      let ratio = try Self.throughput("shared-prefix", prefix: prefixes[last], batch: batch)
        / (try Self.throughput("dense", prefix: prefixes[last], batch: batch))
      sweep.append(.init(at: batch.grouped, value: ratio))
    }
    var tree: [ClaimResult.Curve.Point] = []
    for samples in [16, 32, 64, 128] {
      tree.append(.init(at: String(samples), value: try Self.problems(levels: 1, samples: samples) / (try Self.problems(levels: 2, samples: samples))))
    }
    return [
      ClaimResult(
        id, row: "prefix from 1K to 16K tokens, shared", metric: "throughput that is left", published: .band(0.85...1),
        ours: shared[last] / shared[0], assumed: assumed,
        reason: "sharing saves traffic, not arithmetic: \(try Self.arithmetic(prefix: prefixes[last]))", curve: kept(shared)),
      ClaimResult(
        id, row: "prefix from 1K to 16K tokens, baseline", metric: "throughput that is left", published: .band(0...0.1),
        ours: dense[last] / dense[0], assumed: assumed,
        reason: "16 times the prefix is at most 16 times the traffic: less than 6 % cannot be left", curve: kept(dense)),
      ClaimResult(
        id, row: "the longest prefix, over batches", metric: "throughput", published: .ratio(32, isPeak: true),
        ours: sweep.map(\.value).max() ?? 0, assumed: assumed.map { $0.name == "batch" ? ("batch", "up to 1,536 requests of 128 outputs, which fill the memory") : $0 },
        curve: .init(over: "requests in the batch", points: sweep)),
      ClaimResult(
        id, row: "competitive programming, two levels against one", metric: "1 / time", published: .ratio(1 / 0.45, isPeak: true),
        ours: tree.map(\.value).max() ?? 0,
        assumed: [
          ("model", "CodeLlama-13B"), ("device", "8 × A100-SXM-40GB, tensor parallel"),
          ("problems", "120, each with examples of 1,600 tokens in common with all and a text of 600 of its own; outputs of 256"),
          ("one level", "only the examples are read once; the texts by each sample, from shared blocks"),
          ("batch", "1,024 requests at most"),
        ],
        reason: "blocks are shared in memory by both here; if one level also stores every text again for each sample, as a flat batch of suffixes does, its batches are smaller",
        curve: .init(over: "samples of each problem", points: tree)),
    ]
  }

  /// What attention to the prefix takes of a step.
  private static func arithmetic(prefix: Int) throws(ClaimFault) -> String {
    let gpu = try stepDevice("a100-40", "codellama-13b", tensorParallel: 8)
    var batch = Batch(decodes: 1_024, context: prefix + outputs / 2)
    batch.shared = [Batch.SharedPart(positions: 0..<prefix, slots: Array(0..<1_024), depth: 0)]
    let shared = gpu.kernels(of: batch).reduce(0) { $0 + ($1.kind == .attentionShared ? $1.duration.milliseconds : 0) }
    return "1,024 queries over \(prefix.grouped) keys take \(shared.fixed(1)) ms of a step of \((try gpu.seconds(batch) * 1e3).fixed(1)) ms here"
  }

  /// Outputs a second of a batch behind one prefix.
  private static func throughput(_ attention: String, prefix: Int, batch: Int = 1_024) throws(ClaimFault) -> Double {
    let begin = EngineTime.seconds(100)
    let run = TokenRun(.shared(1), count: prefix)
    // The first one leaves the prefix in memory.
    let arrivals = [Arrival(time: .zero, prompt: Prompt(run), outputLimit: 1)]
      + (0..<batch).map { _ in Arrival(time: begin, prompt: Prompt(run), outputLimit: outputs) }
    let (seconds, tokens) = try time(Trace(name: "crowd", arrivals: arrivals), attention, sequences: batch)
    return Double(tokens - 1) / (seconds - begin.seconds)
  }

  /// Seconds for all samples of all problems.
  private static func problems(levels: Int, samples: Int) throws(ClaimFault) -> Double {
    let arrivals = (0..<120 * samples).map { number in
      let problem = number / samples
      return Arrival(
        time: .zero, prompt: Prompt([TokenRun(.shared(1), count: 1_600), TokenRun(.shared(UInt64(2 + problem)), count: 600)]), outputLimit: 256)
    }
    // With one level only what more than a problem's samples share is a part.
    return try time(Trace(name: "problems", arrivals: arrivals), "shared-prefix:256:\(levels == 1 ? samples + 1 : 2)", sequences: 1_024).seconds
  }

  private static func time(_ trace: Trace, _ attention: String, sequences: Int) throws(ClaimFault) -> (seconds: Double, tokens: Int) {
    let score = try Trial(trace) {
      $0.device = "a100-40"
      $0.model = "codellama-13b"
      $0.tensorParallel = 8
      $0.attention = attention
      $0.maxSequences = sequences
      $0.maxBatchedTokens = 8_192
    }.run()
    guard score.rejected == 0 else { throw ClaimFault("\(score.rejected) requests were rejected") }
    return (score.requests.compactMap { $0.lastToken?.seconds }.max() ?? 0, score.outputTokens)
  }
}
