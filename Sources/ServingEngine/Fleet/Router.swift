import Core

/// Decides which instance serves a request.
///
/// It looks at the instances as they are when it is asked and keeps nothing: the number of requests that were routed
/// before is handed to it.
public protocol Router: Sendable {
  static var descriptor: Descriptor { get }
  init(values: [Int])
  var values: [Int] { get }
  /// It asks how much of the prompt each instance's prefix cache holds.
  var looksAtPrefixes: Bool { get }

  /// - Parameters:
  ///   - instances: Those that may serve it, at least one, in order of their numbers.
  ///   - turn: Requests routed among such instances before.
  /// - Returns: A position in `instances`.
  func choose(among instances: [Glance], turn: Int) -> Int
}

/// An instance as a router sees it.
public struct Glance: Equatable, Sendable {
  /// From 0.
  public var instance: Int
  /// Requests in its queue, and in its batch. Who is on the way to it counts as waiting.
  public var waiting: Int
  public var running: Int
  public var freeBlocks: Int
  /// Tokens of the prompt, and those of them that its prefix cache holds; 0 unless the router asks.
  public var promptTokens = 0
  public var cachedTokens = 0

  public init(instance: Int, waiting: Int, running: Int, freeBlocks: Int) {
    self.instance = instance
    self.waiting = waiting
    self.running = running
    self.freeBlocks = freeBlocks
  }

  /// Whoever waits delays a newcomer more than whoever runs beside it.
  public var load: Int { 4 * waiting + running }
}

extension Router {
  public var values: [Int] { [] }
  public var looksAtPrefixes: Bool { false }
  public var choice: Choice { Choice(Self.descriptor, values) }
}

/// The routers that can be chosen. Adding one is a file and a line here.
public enum RouterCatalogue {
  public static let members: [any Router.Type] = [
    RoundRobin.self,
    LeastLoaded.self,
    PrefixAware.self,
  ]

  public static func router(_ choice: Choice) -> (any Router)? {
    members.first { $0.descriptor.name == choice.name }?.init(values: choice.values)
  }
}
