import Analysis
import Core
import Hardware

/// The target drafts for itself with four bits of weights, keys and values.
struct QuantSpecClaim: Claim {
  static let descriptor = Descriptor(
    name: "quantspec", summary: "drafts of the target with four-bit weights and cache, over acceptance: speed of decoding",
    source: "Tiwari et al., QuantSpec, arXiv 2502.10424, abstract")

  private static let context = 122_880

  func run() throws(ClaimFault) -> [ClaimResult] {
    let target = try Self.device(weights: nil, cache: .f16)
    let verifier = try Self.device(weights: nil, cache: .int8)
    let drafter = try Self.device(weights: .int4, cache: .int4)
    let plain = try target.seconds(Batch(decodes: 1, context: Self.context))
    let pass = try drafter.seconds(Batch(decodes: 1, context: Self.context)) - drafter.hostTime(sequences: 1).seconds
    var points: [ClaimResult.Curve.Point] = []
    for acceptance in [0.8, 0.85, 0.9, 0.93, 0.96] {
      let best = try DraftGain(
        plain: plain, pass: pass,
        verify: { (drafts) throws(ClaimFault) in try verifier.seconds(Batch(decodes: 1, context: Self.context, drafts: drafts)) },
        acceptance: acceptance
      ).best(upTo: 16)
      points.append(.init(at: "\(acceptance)", value: best.gain))
    }
    let assumed: [(name: String, value: String)] = [
      ("model and device", "Llama-2-7B, RTX-A6000, one request, \(Self.context.grouped) tokens"),
      ("cache", "eight bits of which drafts read the upper four; the baseline's has sixteen"), ("weights", "16 bits; drafts read 4"),
      ("acceptance", "declared, for the abstract says only that it is above 0.9"), ("drafts", "the best of 1 to 16"),
    ]
    let rises = zip(points, points.dropFirst()).allSatisfy { $0.value < $1.value }
    return [
      ClaimResult(
        Self.descriptor.name, row: "acceptance above 0.9", metric: "speed of decoding", published: .ratio(2.5, isPeak: true),
        ours: points[points.count - 1].value, assumed: assumed,
        reason: "at 0.96; a draft costs \((pass / plain).two) of a token; a check of consistency, for the ratio follows from the declared acceptance",
        curve: .init(over: "acceptance", points: points)),
      ClaimResult(
        Self.descriptor.name, row: "shape", metric: "speed over acceptance", ours: rises && points[0].value > 1,
        published: "a gain at every acceptance, and more of it with more", assumed: assumed),
    ]
  }

  private static func device(weights: WeightFormat?, cache: KVFormat) throws(ClaimFault) -> ModelledGPU {
    do {
      let accelerator = try AcceleratorCatalogue.accelerator(named: "rtx-a6000")
      var card = try ModelCatalogue.model(named: "llama-2-7b")
      if let weights { card = try card.storing(weights, on: accelerator) }
      card.kvFormat = cache
      return try ModelledGPU(accelerator: accelerator, model: card)
    } catch {
      throw ClaimFault("\(error)")
    }
  }
}
