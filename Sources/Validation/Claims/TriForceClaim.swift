import Analysis
import Core
import Hardware

/// The target drafts for itself with a small part of a long context's keys and values.
struct TriForceClaim: Claim {
  static let descriptor = Descriptor(
    name: "triforce", summary: "drafts with the target's weights and a retrieved part of the cache, long context: speed of decoding",
    source: "Sun et al., TriForce, COLM 2024, arXiv 2404.11912, abstract")

  private static let kept = 4_096
  private static let acceptance = 0.9

  func run() throws(ClaimFault) -> [ClaimResult] {
    let target = try stepDevice("a100-80", "llama-2-7b")
    var points: [ClaimResult.Curve.Point] = []
    var last = (gain: 0.0, drafts: 0)
    for context in [8_192, 32_768, 65_536, 122_880] {
      last = try DraftGain(
        plain: target.seconds(Batch(decodes: 1, context: context)),
        pass: target.seconds(Batch(decodes: 1, context: Self.kept)) - target.hostTime(sequences: 1).seconds,
        verify: { (drafts) throws(ClaimFault) in try target.seconds(Batch(decodes: 1, context: context, drafts: drafts)) },
        acceptance: Self.acceptance
      ).best()
      points.append(.init(at: "\(context)", value: last.gain))
    }
    return [
      ClaimResult(
        Self.descriptor.name, row: "Llama2-7B-128K on one A100", metric: "speed of decoding at 120K tokens, best of 1 to 8 drafts",
        published: .ratio(2.31, isPeak: true), ours: last.gain,
        assumed: [
          ("model and device", "Llama-2-7B, A100-80, one request"), ("drafts", "\(Self.kept.grouped) tokens of the cache"),
          ("acceptance", "declared: \(Self.acceptance) of each draft"),
          ("left out", "the tiny model that drafts for the drafter, and choosing what is kept: the one would make drafts cheaper, the other dearer"),
        ],
        reason: "\(last.drafts) drafts; a check of consistency, for the ratio follows from the declared acceptance",
        curve: .init(over: "context", points: points))
    ]
  }
}
