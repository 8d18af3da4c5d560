/// Which kernels a file of measurements is about; its header tells.
public enum KernelTable: String, CaseIterable, Sendable {
  case gemm, attention, attentionHistory, attentionMixed, attentionSkew, experts, communication, layers
  /// Known files for which there is no kernel to compare: datasheets, power, dispatch of experts, latent attention.
  case other

  public init(_ table: MeasuredTable) throws(MeasuredTableError) {
    self =
      if table.has("latency_skewed_us", "kv_big") {
        .attentionSkew
      } else if table.has("n_decode", "decode_kv", "prefill_q") {
        .attentionMixed
      } else if table.has("kv_cache_len", "q_len") {
        .attentionHistory
      } else if table.has("power_w") || table.has("sm_count") || table.has("num_tokens_per_rank") || table.has("phase", "kv_len") {
        .other
      } else if table.has("kv_len", "kv_heads", "head_dim") {
        .attention
      } else if table.has("num_experts", "topk", "inter") {
        .experts
      } else if table.has("world_size", "bytes") {
        .communication
      } else if table.has("op", "tokens") {
        .layers
      } else if table.has("m", "n", "k") {
        .gemm
      } else {
        throw MeasuredTableError(file: table.file, problem: .unknownKind(columns: table.header))
      }
  }
}
