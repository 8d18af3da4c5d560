/// Group-limited routing (DeepSeek-AI 2024, "DeepSeek-V3", section 2.1.2) of logits that a benchmark made even.
///
/// Each token likes one expert of every group, at the same place in all of them. The groups tie, so the first `kept` win;
/// of the experts that are left all others tie, so the first win too. What was meant to be even is not: an expert of a kept
/// group gets its share, the very first get nearly all tokens, the other groups get nothing.
extension Experts {
  /// - Parameter local: Experts of the rank that holds the first.
  func groupLimitedLoads(tokens: Int, kept: Int, local: Int) -> Loads {
    let places = shape.count / shape.active
    let others = shape.active - kept
    var loads = [Int](repeating: 0, count: shape.count)
    // Few tokens are spread over the places; many go round them.
    for token in 0..<min(tokens, places) {
      let isMany = tokens >= places
      let place = isMany ? token : token * places / tokens
      let count = isMany ? (tokens - token + places - 1) / places : 1
      for group in 0..<kept { loads[group * places + place] += count }
      for expert in (0...others).filter({ $0 != place }).prefix(others) { loads[expert] += count }
    }
    let here = loads.prefix(local).filter { $0 > 0 }
    return Loads(rows: Double(here.reduce(0, +)), awake: Double(here.count), runs: here.map { (Double($0), 1) })
  }
}
