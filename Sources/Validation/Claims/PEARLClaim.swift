import Core

/// Drafting while verifying, which this engine does not do yet.
struct PEARLClaim: Claim {
  static let descriptor = Descriptor(
    name: "pearl", summary: "drafts made while others are verified, against one after the other: speed",
    source: "Liu et al., PEARL, ICLR 2025, arXiv 2408.11850, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    [
      ClaimResult(
        Self.descriptor.name, row: "against drafts and verification in turn", metric: "throughput", published: .ratio(1.52, isPeak: true),
        impossible: "drafting and verification take turns in this engine; they do not overlap yet")
    ]
  }
}
