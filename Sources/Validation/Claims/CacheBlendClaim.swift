import Analysis
import Core
import ServingEngine

/// Questions over documents in any order: their keys and values are loaded, and a part of the tokens is computed again.
struct CacheBlendClaim: Claim {
  static let descriptor = Descriptor(
    name: "cacheblend", summary: "documents reused wherever they stand, 15 % of their tokens computed again: time to first token, throughput",
    source: "Yao et al., CacheBlend, EuroSys 2025, abstract")

  private static let chunk = 512
  private static let perQuestion = 6

  func run() throws(ClaimFault) -> [ClaimResult] {
    var latency: [ClaimResult.Curve.Point] = []
    var throughput: [ClaimResult.Curve.Point] = []
    for share in [5, 15, 30, 50] {
      let (whole, blended) = (try Self.run(100), try Self.run(share))
      latency.append(.init(at: "\(share) %", value: whole.ttft / blended.ttft))
      throughput.append(.init(at: "\(share) %", value: blended.rate / whole.rate))
    }
    let id = Self.descriptor.name
    let assumed: [(name: String, value: String)] = [
      ("model", "Mistral-7B"), ("device", "A40, one"), ("documents", "60 of 512 tokens, six in a question at random, which itself has 32; outputs of 32"),
      ("computed again", "15 % of a document's tokens"), ("storage", "4 GB/s each way, loaded beside the kernels"),
      ("baseline", "every prompt computed whole"), ("quality", "not measured here: keys and values are modelled"),
    ]
    func at15(_ points: [ClaimResult.Curve.Point]) -> Double { points.first { $0.at == "15 %" }?.value ?? 0 }
    return [
      ClaimResult(
        id, row: "one question at a time", metric: "1 / mean time to first token", published: .band(2.2...3.3), ours: at15(latency),
        assumed: assumed, curve: .init(over: "part of the tokens computed again", points: latency)),
      ClaimResult(
        id, row: "as many as go", metric: "questions a second", published: .band(2.8...5), ours: at15(throughput),
        assumed: assumed + [("measure", "200 questions at once; the paper's is the rate at equal time to first token")],
        curve: .init(over: "part of the tokens computed again", points: throughput)),
    ]
  }

  private static func run(_ share: Int) throws(ClaimFault) -> (ttft: Double, rate: Double) {
    var random = SplitMix(seed: 31, purpose: "documents")
    var next = 0
    func question(_ documents: [Int], at time: EngineTime) -> Arrival {
      next += 1
      return Arrival(
        time: time, prompt: Prompt(documents.map { TokenRun(.shared(UInt64($0)), count: chunk) } + [TokenRun(.own(next), count: 32)]),
        outputLimit: 32)
    }
    func some() -> [Int] {
      var all = Array(0..<60)
      all.shuffle(using: &random)
      return Array(all.prefix(perQuestion))
    }
    // Each document is read once before; then questions far apart, then many at once.
    let warm = 10
    var arrivals = (0..<warm).map { question(Array($0 * perQuestion..<($0 + 1) * perQuestion), at: .zero) }
    for number in 0..<40 { arrivals.append(question(some(), at: .seconds(Double(100 + 10 * number)))) }
    let crowd = EngineTime.seconds(1_000)
    for _ in 0..<200 { arrivals.append(question(some(), at: crowd)) }
    let score = try Trial(Trace(name: "documents", arrivals: arrivals)) {
      $0.device = "a40"
      $0.model = "mistral-7b"
      $0.recomputedShare = share
      $0.prefixCache = share < 100 ? "lru" : "off"
      $0.hostCache = share < 100 ? "host:200:4" : "off"
    }.run()
    let times = score.requests[warm..<warm + 40].compactMap { $0.ttft?.seconds }
    guard times.count == 40, let end = score.requests.compactMap({ $0.lastToken?.seconds }).max() else { throw ClaimFault("a question was not answered") }
    return (times.reduce(0, +) / 40, 200 / (end - crowd.seconds))
  }
}
