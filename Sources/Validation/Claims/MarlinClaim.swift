import Analysis
import Core
import Hardware
import ServingEngine

/// Weights of four bits: a quarter of the traffic, until arithmetic is what a step waits for.
struct MarlinClaim: Claim {
  static let descriptor = Descriptor(
    name: "marlin", summary: "4-bit against 16-bit weights over the batch: speed of a product, and of decoding",
    source: "Frantar et al., MARLIN, PPoPP 2025, arXiv 2408.11743, abstract")

  private static let batches = [1, 2, 4, 8, 16, 32, 64, 128]
  private static let matrix = (columns: 28_672, depth: 8_192)

  func run() throws(ClaimFault) -> [ClaimResult] {
    let id = Self.descriptor.name
    let gpu = try stepDevice("a100-80", "llama-2-7b").accelerator
    func time(_ format: NumberFormat, _ rows: Int) -> Double {
      Gemm(columns: Self.matrix.columns, depth: Self.matrix.depth, weights: format).estimate(rows: rows, on: Chip(gpu, weights: format)).time.seconds
    }
    let product = Self.batches.map { ClaimResult.Curve.Point(at: "\($0)", value: time(.bf16, $0) / time(.int4, $0)) }
    var decoding: [ClaimResult.Curve.Point] = []
    for batch in Self.batches {
      decoding.append(.init(at: "\(batch)", value: try Self.throughput("int4", batch) / (try Self.throughput("as-loaded", batch))))
    }
    let assumed: [(name: String, value: String)] = [
      ("device", "A100-80"), ("matrix", "\(Self.matrix.columns.grouped) × \(Self.matrix.depth.grouped), alone, weights not in the cache"),
      ("4-bit weights", "0.516 bytes each, their scales included; widened by 1.5 instructions each, counted and not measured"),
      ("product", "of the 16-bit kernels' constants: nobody measured a 4-bit kernel on this GPU for us"),
    ]
    let small = product.prefix { Int($0.at) ?? 0 <= 16 }.map(\.value).min() ?? 0
    let (late, last) = (product[product.count - 2].value, product[product.count - 1].value)
    let best = decoding.map(\.value).max() ?? 0
    return [
      ClaimResult(
        id, row: "batch 1 to 16", metric: "speed of a product, the least", published: .ratio(4), ours: small, assumed: assumed,
        reason: "the bytes allow 3.88; widening and the launch take the rest here", curve: .init(over: "rows", points: product)),
      ClaimResult(
        id, row: "batch 64 to 128", metric: "speed of a product", published: .statement("less than at 16, falling, and still a gain"),
        ours: small > late && late > last && last > 1.02 ? 1 : 0, assumed: assumed, reason: "\(late.two) at 64, \(last.two) at 128 rows"),
      ClaimResult(
        id, row: "end to end", metric: "throughput of decoding", published: .ratio(2.8, isPeak: true), ours: best,
        assumed: [
          ("device", "A100-80"), ("model", "Llama-2-7B"), ("prompt and output", "64 and 128 tokens, all at once"),
          ("not narrow", "embeddings, head, keys and values, activations"),
        ],
        curve: .init(over: "requests", points: decoding)),
    ]
  }

  private static func throughput(_ weights: String, _ batch: Int) throws(ClaimFault) -> Double {
    try Trial("all-at-once:\(batch),prompt=constant:64,output=constant:128") {
      $0.device = "a100-80"
      $0.model = "llama-2-7b"
      $0.weights = weights
    }.throughput()
  }
}
