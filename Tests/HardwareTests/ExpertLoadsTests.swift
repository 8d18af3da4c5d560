import Core
import Testing

@testable import Hardware

@Suite("Rows that fall on experts")
struct ExpertLoadsTests {
  /// Router and group limit, token by token: ties go to the first.
  private func naive(tokens: Int, experts: Int, active: Int, kept: Int) -> [Int] {
    let size = experts / active
    var loads = [Int](repeating: 0, count: experts)
    for token in 0..<tokens {
      let place = tokens >= size ? token % size : token * size / tokens
      var logits = [Int](repeating: 0, count: experts)
      for group in 0..<active { logits[group * size + place] = 1 }
      let first = { (scores: [Int], count: Int) in
        scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(count)
      }
      let groups = first((0..<active).map { logits[$0 * size..<($0 + 1) * size].sorted().suffix(2).reduce(0, +) }, kept)
      for expert in first(logits.indices.map { groups.contains($0 / size) ? logits[$0] : -1 }, active) {
        loads[expert] += 1
      }
    }
    return loads
  }

  @Test("even logits under group-limited routing", arguments: [1, 2, 3, 8, 31, 32, 33, 100, 256])
  func groupLimited(tokens: Int) {
    let all = naive(tokens: tokens, experts: 256, active: 8, kept: 4)
    for ranks in [1, 8, 16] {
      let experts = Experts(
        shape: .init(count: 256, active: 8, intermediate: 2048), hidden: 7168, expertRanks: ranks, routing: .groupLimited(kept: 4))
      let here = all.prefix(256 / ranks).filter { $0 > 0 }
      let loads = experts.loads(tokens: Double(tokens))
      #expect(loads.runs.map { Int($0.rows) } == here, "\(tokens) tokens on the first of \(ranks) ranks")
      #expect(loads.rows == Double(here.reduce(0, +)))
      #expect(loads.awake == Double(here.count))
    }
  }

  @Test("a tile at one pace takes as long for one row as for a hundred, full or not, and two take twice as long")
  func onePace() throws {
    let chip = Chip(try AcceleratorCatalogue.accelerator(named: "H100-SXM"), weights: .fp8, expertsBackend: .cutlass)
    // Mixtral-8x7B: 8 experts, 2 a token. H100, vLLM 0.24, µs.
    let measured = [(4, 2410.0), (32, 2245), (192, 2006), (512, 1139), (1024, 2414), (4096, 10224), (16384, 44128)]
    let experts = Experts(shape: .init(count: 8, active: 2, intermediate: 14336), hidden: 4096, weights: .fp8, routing: .balanced)
    let times = measured.map { experts.estimate(rows: $0.0, on: chip).time.seconds * 1e6 }
    #expect(times[0] == times[1])
    for (time, (tokens, latency)) in zip(times, measured) {
      #expect(abs(time / latency - 1) < 0.25, "\(tokens) tokens: \(time) µs, measured \(latency)")
    }
  }
}
