import Analysis
import Core
import Transformer

/// Whether a rotation gives back what four bits lose.
struct SAWINT4Claim: Claim {
  static let descriptor = Descriptor(
    name: "saw-int4", summary: "a block-diagonal Hadamard rotation before four-bit quantisation: the order of formats",
    source: "Jia et al., SAW-INT4, arXiv 2604.19157, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    let formats: [KVFormat] = [.int8, .int4Hadamard, .int4]
    let scores = try FormatTrial.scores(formats)
    let divergences = scores.map(\.meanDivergence)
    let isOrdered = divergences[0] < divergences[1] && divergences[1] < divergences[2]
    let id = Self.descriptor.name
    return [
      ClaimResult(
        id, row: "distance from the exact cache: int8, then rotated, then plain", metric: "KL divergence", published: .statement("in this order"),
        ours: isOrdered ? 1 : -1, assumed: FormatTrial.assumed,
        reason: zip(formats, divergences).map { "\($0.rawValue) \(($1 * 1e3).fixed(3))" }.joined(separator: ", ") + " thousandths of a nat",
        curve: ClaimResult.Curve(
          over: "format, thousandths of a nat a token",
          points: zip(formats, divergences).map { ClaimResult.Curve.Point(at: $0.rawValue, value: $1 * 1e3) })),
      ClaimResult(
        id, row: "end to end beside plain int4", metric: "throughput", published: .ratio(1),
        impossible: "the modelled GPU takes the rotation of queries and results for nothing, so the row would only repeat that"),
    ]
  }
}
