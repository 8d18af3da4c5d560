import Core

/// Three ways to manage KV memory side by side: one of them this engine has not.
struct KVManagementClaim: Claim {
  static let descriptor = Descriptor(
    name: "kv-management-characterization", summary: "paging, prefetched offload and eviction each win somewhere",
    source: "Comparative characterization of KV cache management strategies, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    [
      ClaimResult(
        Self.descriptor.name, row: "regions", metric: "latency, throughput and memory",
        published: .statement("paging, prefetched offload and eviction each win in some region of rate, memory and sparsity"),
        impossible: "this engine has no offload by speculation yet")
    ]
  }
}
