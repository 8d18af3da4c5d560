import Analysis
import Core
import Hardware
import ServingEngine

/// What a cache of two bits is worth: memory, batch and throughput of a 7B model on one large GPU.
struct KIVIClaim: Claim {
  static let descriptor = Descriptor(
    name: "kivi", summary: "two-bit keys by channel and values by token: peak memory, batch, throughput",
    source: "Liu et al., KIVI, ICML 2024 (arXiv 2402.02750), abstract and figure 4")

  func run() throws(ClaimFault) -> [ClaimResult] {
    let plan = { (format: KVFormat, sequences: Int) throws(ClaimFault) -> MemoryPlan in
      do {
        var model = try ModelCatalogue.model(named: "llama-2-7b")
        model.kvFormat = format
        return try MemoryPlan(accelerator: AcceleratorCatalogue.accelerator(named: "a100-80"), model: model, maxSequences: sequences)
      } catch {
        throw ClaimFault("\(error)")
      }
    }
    // A request is 161 tokens read and 338 written, as in ShareGPT.
    let length = 161 + 338
    let half = try plan(.f16, 256)
    let sequences = half.sequences(of: length)
    let two = try plan(.kivi2, sequences)
    let windows = two.otherBytes - half.otherBytes
    let kept = sequences * ((length + 15) / 16) * two.blockBytes + windows
    let memory = Double(half.weightBytes + sequences * ((length + 15) / 16) * half.blockBytes) / Double(half.weightBytes + kept)
    var batch = sequences
    // More sequences need more windows.
    while try plan(.kivi2, batch + 8).sequences(of: length) >= batch + 8 { batch += 8 }
    func throughput(_ format: KVFormat, _ sequences: Int) throws(ClaimFault) -> Double {
      try Trial("all-at-once:\(2 * batch),prompt=constant:161,output=constant:338") {
        $0.device = "a100-80"
        $0.model = "llama-2-7b"
        $0.kvFormat = format.rawValue
        $0.maxSequences = sequences
        $0.prefixCache = "off"
      }.throughput()
    }
    let speed = try throughput(.kivi2, batch) / throughput(.f16, sequences)
    let id = Self.descriptor.name
    let setup: [(name: String, value: String)] = [
      ("model", "Llama-2-7B"), ("device", "A100-80"), ("lengths", "161 tokens read, 338 written (ShareGPT's means)"),
      ("bits", "2.75 an element: groups of 16 tokens with steps of 8 bits; KIVI has groups of 32 with 16"),
    ]
    return [
      ClaimResult(
        id, row: "peak memory, weights included, of as many requests", metric: "memory", published: .ratio(2.6), ours: memory, assumed: setup,
        reason: "\(sequences) requests, as many as f16 holds on 80 GB"),
      ClaimResult(
        id, row: "requests side by side", metric: "batch", published: .ratio(4, isPeak: true), ours: Double(batch) / Double(sequences), assumed: setup,
        reason: "all memory that f16 had goes to codes: 16 bits over 2.75, less a window of 16 tokens for each"),
      ClaimResult(
        id, row: "more requests side by side", metric: "throughput", published: .band(2.35...3.47), ours: speed, assumed: setup,
        reason: "their baseline is Hugging Face's attention on padded batches; here both run on a paged engine, and codes are made numbers on lanes that attention of a model without grouped heads leaves busy"),
    ]
  }
}
