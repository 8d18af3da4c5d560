import Core
import Hardware

/// Where the gain of speculation grows with the batch: where keys and values, and not weights, are what a step reads.
struct MagicDecClaim: Claim {
  static let descriptor = Descriptor(
    name: "magicdec", summary: "gain of drafts with a small KV cache over batch and context: it falls at short, rises at long contexts",
    source: "Chen et al., MagicDec, arXiv 2408.11049, abstract")

  /// Of each draft, given that those before it stood.
  private static let acceptance = 0.8
  /// Tokens whose keys and values the drafter keeps.
  private static let kept = 512
  private static let batches = [1, 4, 16, 64]

  func run() throws(ClaimFault) -> [ClaimResult] {
    let target = try stepDevice("h100", "llama-3.1-8b")
    let drafter = try stepDevice("h100", "llama-3.2-1b")
    var points: [ClaimResult.Curve.Point] = []
    func gains(_ context: Int) throws(ClaimFault) -> [Double] {
      var gains: [Double] = []
      for batch in Self.batches {
        gains.append(try Self.gain(target, drafter, batch: batch, context: context))
        points.append(.init(at: "\(batch) × \(context)", value: gains[gains.count - 1]))
      }
      return gains
    }
    let short = try gains(1_024)
    let long = try gains(32_768)
    let (falls, rises) = (short[short.count - 1] < short[0], long[long.count - 1] > long[0])
    return [
      ClaimResult(
        Self.descriptor.name, row: "batch and context", metric: "throughput, best of 1 to 8 drafts", ours: falls && rises,
        published: "speedup falls with the batch at short contexts and rises with it at long ones",
        assumed: [
          ("model and drafter", "Llama-3.1-8B and Llama-3.2-1B with a window of \(Self.kept) tokens"), ("device", "H100-SXM"),
          ("acceptance", "declared: \(Self.acceptance) of each draft, at every batch and context"), ("memory", "whether all contexts fit is not asked"),
        ],
        reason: "1,024 tokens: \(short[0].two) to \(short[short.count - 1].two) times; 32,768 tokens: \(long[0].two) to \(long[long.count - 1].two) times",
        curve: .init(over: "batch × context", points: points))
    ]
  }

  private static func gain(_ target: ModelledGPU, _ drafter: ModelledGPU, batch: Int, context: Int) throws(ClaimFault) -> Double {
    let plain = try target.seconds(Batch(decodes: batch, context: context))
    let pass = try drafter.seconds(Batch(decodes: batch, context: min(context, kept))) - drafter.hostTime(sequences: batch).seconds
    return try DraftGain(
      plain: plain, pass: pass, verify: { (drafts) throws(ClaimFault) in try target.seconds(Batch(decodes: batch, context: context, drafts: drafts)) },
      acceptance: acceptance
    ).best().gain
  }
}
