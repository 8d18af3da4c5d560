import Core

/// Each in turn, whatever they have to do.
public struct RoundRobin: Router {
  public static let descriptor = Descriptor(
    name: "round-robin", summary: "each instance in turn, whatever it has to do", source: "the usual way of load balancers")

  public init() {}
  public init(values: [Int]) {}

  public func choose(among instances: [Glance], turn: Int) -> Int { turn % instances.count }
}
