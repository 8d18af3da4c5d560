import Core

/// The instance with the fewest requests; one that waits weighs four that run. Ties go round.
public struct LeastLoaded: Router {
  public static let descriptor = Descriptor(
    name: "least-loaded", summary: "the instance with the fewest requests; one in the queue counts as four in the batch",
    source: "vLLM V1 data-parallel load balancing (score = 4 × waiting + running); DistServe's shortest queue (OSDI 2024, 4.3)")

  public init() {}
  public init(values: [Int]) {}

  public func choose(among instances: [Glance], turn: Int) -> Int {
    let count = instances.count
    return (0..<count).map { (turn + $0) % count }.min { instances[$0].load < instances[$1].load } ?? 0
  }
}
