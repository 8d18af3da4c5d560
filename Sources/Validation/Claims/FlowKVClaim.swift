import Analysis
import Core
import Hardware
import ServingEngine

/// Keys and values moved in few large copies in place of one for each block and layer.
struct FlowKVClaim: Claim {
  static let descriptor = Descriptor(
    name: "flowkv", summary: "keys and values moved in merged copies: time of a transfer, latency",
    source: "Li et al., FlowKV, arXiv 2504.03775, abstract")

  private static let links = ["node", "infiniband:400", "infiniband:200", "ethernet:100"]
  /// Requests a second on one prefill and one decode instance.
  private static let rates = [0.25, 0.5, 1]

  func run() throws(ClaimFault) -> [ClaimResult] {
    var transfers: [ClaimResult.Curve.Point] = []
    var seconds = (blockwise: 0.0, merged: 0.0)
    for link in Self.links {
      let blockwise = try Self.score("per-block", link, rate: Self.rates[0]).link
      let merged = try Self.score("merged", link, rate: Self.rates[0]).link
      let times = [blockwise, merged].map { $0.moving.seconds / Double(max(1, $0.moves)) }
      if link == Self.links[0] { seconds = (times[0], times[1]) }
      transfers.append(.init(at: link, value: times[0] / times[1]))
    }
    var latencies: [ClaimResult.Curve.Point] = []
    for rate in Self.rates {
      let blockwise = try Self.score("per-block", Self.links[0], rate: rate).latencies(\.e2e)?.mean ?? 0
      let merged = try Self.score("merged", Self.links[0], rate: rate).latencies(\.e2e)?.mean ?? 1
      latencies.append(.init(at: rate.two, value: blockwise / merged))
    }
    let id = Self.descriptor.name
    let assumed: [(name: String, value: String)] = [
      ("model", "Llama-3.1-8B, blocks of 16 tokens"), ("device", "A100-80, one for prefill and one for decode"),
      ("lengths", "prompts of 13,000 tokens in the median (the paper's figure 1), outputs of 100"),
      ("block-wise", "a copy for each block in each layer, keys and values apart"),
      ("merged", "all layers of a block together, runs of the two real block tables"),
      ("link", "NVLink: \(Self.start) to start a copy, as fitted to nccl-tests; the paper does not state the time of a call"),
      ("requests", "120, Poisson arrivals at \(Self.rates[0]) a second; for latency the rates of the curve"),
    ]
    return [
      ClaimResult(
        id, row: "transfer time", metric: "mean time on the link", published: .ratio(0.944 / 0.053),
        ours: transfers.first?.value ?? 0, assumed: assumed,
        reason: "ours are \((seconds.blockwise * 1e3).fixed(0)) ms and \((seconds.merged * 1e3).fixed(1)) ms; the paper's 53 ms for merged copies are a slower link than NVLink, and the ratio is the link's: see the curve",
        curve: .init(over: "link", points: transfers)),
      ClaimResult(
        id, row: "latency on LongBench", metric: "mean latency of a request", published: .band(1.152...1.489),
        ours: latencies.map(\.value).max() ?? 0, assumed: assumed,
        reason: "the greatest of the rates; the paper's baseline differs in more than the transfer",
        curve: .init(over: "requests a second", points: latencies)),
    ]
  }

  private static var start: String {
    guard let gpu = try? AcceleratorCatalogue.accelerator(named: "a100-80") else { return "" }
    return "\((KVLink.node(of: gpu).latency * 1e6).fixed(1)) µs"
  }

  private static func score(_ transfer: String, _ link: String, rate: Double) throws(ClaimFault) -> Scoreboard {
    var trial = try Trial("poisson:\(rate),requests=120,prompt=lognormal:13000:0.3,output=lognormal:100:0.3,seed=8") {
      $0.device = "a100-80"
      $0.model = "llama-3.1-8b"
      $0.placement = "disaggregated:1x1"
      $0.kvTransfer = transfer
      $0.kvLink = link
      $0.maxBatchedTokens = 8_192
    }
    trial.trace = trial.trace.cut(prompt: 40_000, output: 1_000)
    return try trial.run()
  }
}
