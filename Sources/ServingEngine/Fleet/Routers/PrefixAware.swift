import Core

/// The instance whose prefix cache holds most of the prompt, unless loads have drifted apart.
///
/// Where none holds `percent` of it, or some instance has 64 requests and half as many again more than another, the
/// shortest queue takes it.
public struct PrefixAware: Router {
  public static let descriptor = Descriptor(
    name: "prefix-aware", summary: "the instance whose prefix cache holds most of the prompt, while loads stay even",
    source: "SGLang's cache-aware router (Zheng et al., NeurIPS 2024; thresholds 0.3, 64 and 1.5), with the caches as they are in place of its own trees",
    parameters: [
      Parameter("percent", "part of the prompt that a cache must hold to decide; less goes to the least loaded", range: 0...100, standard: 30)
    ])

  static let mostMore = 64
  static let mostTimes = 1.5

  public var percent = 30

  public init() {}
  public init(values: [Int]) { percent = values[0] }
  public var values: [Int] { [percent] }
  public var looksAtPrefixes: Bool { true }

  public func choose(among instances: [Glance], turn: Int) -> Int {
    let counts = instances.map { $0.waiting + $0.running }
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    let isUneven = most - least > Self.mostMore && Double(most) > Self.mostTimes * Double(least)
    let positions = instances.indices
    // Of equal hits the least loaded.
    let best = positions.min { instances[$0].cachedTokens != instances[$1].cachedTokens
      ? instances[$0].cachedTokens > instances[$1].cachedTokens : instances[$0].load < instances[$1].load } ?? 0
    let glance = instances[best]
    if !isUneven, glance.cachedTokens > 0, glance.cachedTokens * 100 >= percent * glance.promptTokens { return best }
    return LeastLoaded().choose(among: instances, turn: turn)
  }
}
