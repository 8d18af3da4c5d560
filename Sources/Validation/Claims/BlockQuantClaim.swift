import Analysis
import Core
import Transformer

/// Whether a shared exponent over sorted channels halves the cache at little cost.
struct BlockQuantClaim: Claim {
  static let descriptor = Descriptor(
    name: "block-quant-outliers", summary: "block floating point over channels sorted by size: footprint and accuracy",
    source: "Trukhanov & Soloveychik, arXiv 2403.20137, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    let score = try FormatTrial.scores([.bfp8])[0]
    let change = score.perplexity / score.exactPerplexity - 1
    let id = Self.descriptor.name
    return [
      ClaimResult(
        id, row: "keys and values", metric: "footprint", published: .ratio(2), ours: 16 / score.bitsPerElement, assumed: FormatTrial.assumed,
        reason: "8 bits an element and an exponent of 8 for 32 channels"),
      ClaimResult(
        id, row: "perplexity within 1 %", metric: "accuracy", published: .statement("little is lost"), ours: abs(change) < 0.01 ? 1 : -1,
        assumed: FormatTrial.assumed, reason: "perplexity changes by \((change * 100).fixed(2)) %"),
      ClaimResult(
        id, row: "low-bit mantissas", metric: "accuracy", published: .statement("sorting makes them usable"),
        impossible: "mantissas are of 8 bits here, at which sorting changes next to nothing"),
    ]
  }
}
