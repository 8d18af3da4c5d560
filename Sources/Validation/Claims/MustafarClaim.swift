import Analysis
import Core
import Hardware
import ServingEngine

/// What a cache of three elements in ten is worth to decodes: bytes of a token, and tokens a second.
struct MustafarClaim: Claim {
  static let descriptor = Descriptor(
    name: "mustafar", summary: "the largest 30 % of each token's elements, in a bitmap format: bytes of keys and values, throughput of decoding",
    source: "Joo et al., Mustafar, arXiv 2505.22913, abstract")

  private static let pruned = KVFormat.magnitudeSparse(percent: 30)
  private static let models = ["llama-2-7b", "llama-3-8b"]
  /// Tokens read and written.
  private static let length = 2_048

  func run() throws(ClaimFault) -> [ClaimResult] {
    let id = Self.descriptor.name
    let plan = try Self.plan("llama-3-8b", Self.pruned, sequences: 8)
    let dense = try Self.plan("llama-3-8b", .f16, sequences: 8)
    let blocks = 8 * (2 * Self.length / 16)
    let windows = plan.otherBytes - dense.otherBytes
    var equal: [ClaimResult.Curve.Point] = []
    var full: [ClaimResult.Curve.Point] = []
    for model in Self.models {
      let (before, after) = (try Self.plan(model, .f16, sequences: 256), try Self.plan(model, Self.pruned, sequences: 256))
      let most = (before.sequences(of: 2 * Self.length), after.sequences(of: 2 * Self.length))
      for batch in [1, 4, 8, 16, 32] where batch <= most.0 {
        equal.append(.init(at: "\(model) × \(batch)", value: try Self.speed(model, pruned: true, batch) / Self.speed(model, pruned: false, batch)))
      }
      full.append(
        .init(
          at: "\(model), \(most.0) and \(most.1)", value: try Self.speed(model, pruned: true, most.1) / Self.speed(model, pruned: false, most.0)))
    }
    let assumed: [(name: String, value: String)] = [
      ("models", "Llama-2-7B, Llama-3-8B, those of the authors' script"), ("device", "L40S: the abstract names none"),
      ("lengths", "2,048 tokens read, 2,048 written, one of the pairs in the authors' script"),
      ("sparsity", "70 % of keys and of values; tiles of 64 elements with 12 bytes of bitmap and offset, padded to eights"),
      ("window", "the block of 16 tokens that is being filled; theirs is 32 tokens and more"),
    ]
    return [
      ClaimResult(
        id, row: "keys and values to 45 %", metric: "memory of 8 requests' keys and values, windows included", published: .ratio(1 / 0.45, isPeak: true),
        ours: Double(blocks * dense.blockBytes) / Double(blocks * plan.blockBytes + windows), assumed: assumed),
      ClaimResult(
        id, row: "as many requests", metric: "output tokens a second, the best of the sweep", published: .ratio(2.23, isPeak: true),
        ours: equal.map(\.value).max() ?? 0, assumed: assumed,
        reason: "a step reads the weights too, and elements are put in their places on lanes; keys and values alone would give 1 / 0.45 at most",
        curve: .init(over: "model × requests", points: equal)),
      ClaimResult(
        id, row: "as many requests as memory holds", metric: "output tokens a second, the best of both models", published: .ratio(2.23, isPeak: true),
        ours: full.map(\.value).max() ?? 0, assumed: assumed, curve: .init(over: "model, requests dense and pruned", points: full)),
    ]
  }

  private static func plan(_ model: String, _ format: KVFormat, sequences: Int) throws(ClaimFault) -> MemoryPlan {
    do {
      var card = try ModelCatalogue.model(named: model)
      card.kvFormat = format
      return try MemoryPlan(accelerator: AcceleratorCatalogue.accelerator(named: "l40s"), model: card, maxSequences: sequences)
    } catch {
      throw ClaimFault("\(error)")
    }
  }

  private static func speed(_ model: String, pruned: Bool, _ requests: Int) throws(ClaimFault) -> Double {
    try Trial("all-at-once:\(requests),prompt=constant:\(length),output=constant:\(length)") {
      $0.device = "l40s"
      $0.model = model
      $0.retain = pruned ? "magnitude-sparse:30%" : "all"
      $0.maxSequences = requests
      $0.prefixCache = "off"
    }.throughput()
  }
}
