import Core
import Hardware

/// What an instance knows of the fleet that it is part of. The rules are the same in all of them.
public struct Membership: Sendable {
  /// From 0.
  public let number: Int
  /// Instances of the fleet.
  public let count: Int
  public internal(set) var role: Role
  /// Usable blocks of the smallest pool that a request may have to fit into.
  public let leastPool: Int
  /// Who reads prompts and who decodes, as the fleet was made; nil where each does both.
  public let disaggregation: Disaggregation?
  public internal(set) var rules: FleetRules

  public enum Role: String, Equatable, Sendable {
    /// Reads prompts and decodes.
    case both
    /// Serves requests up to their first token.
    case prefill
    /// Goes on from there.
    case decode
  }

  public var isDisaggregated: Bool { disaggregation != nil }
}

/// What can be switched of a fleet while it runs.
public struct FleetRules: Sendable {
  public internal(set) var router: any Router
  public internal(set) var transfer: KVTransfer
  public internal(set) var linkChoice: KVLinkChoice
  public internal(set) var roles: RoleRule

  public init(
    router: any Router = LeastLoaded(), transfer: KVTransfer = .perBlock, linkChoice: KVLinkChoice = .node, roles: RoleRule = .fixed
  ) {
    self.router = router
    self.transfer = transfer
    self.linkChoice = linkChoice
    self.roles = roles
  }
}

/// How the keys and values of a request are cut into copies.
public enum KVTransfer: String, CaseIterable, Equatable, Sendable {
  case perBlock = "per-block"
  case merged

  public var descriptor: Descriptor {
    switch self {
    case .perBlock:
      Descriptor(
        name: rawValue, summary: "a copy for each block in each layer, keys and values apart",
        source: "vLLM's cache layout [layers, 2, blocks, …] moved block by block")
    case .merged:
      Descriptor(
        name: rawValue, summary: "all layers of a block lie together, and blocks side by side on both ends go in one copy",
        source: "FlowKV (Li et al., arXiv 2504.03775)")
    }
  }

  /// Copies for blocks that lie at `source` on one end and at `target` on the other.
  ///
  /// - Parameter copiesPerBlock: Places in which a block lies where layers are apart.
  public func calls(source: ArraySlice<BlockID>, target: ArraySlice<BlockID>, copiesPerBlock: Int) -> Int {
    guard self == .merged else { return source.count * copiesPerBlock }
    var calls = 0
    var last: (source: BlockID, target: BlockID) = (-2, -2)
    for (from, to) in zip(source, target) {
      if from != last.source + 1 || to != last.target + 1 { calls += 1 }
      last = (from, to)
    }
    return calls
  }
}

/// What joins the instances.
public enum KVLinkChoice: Equatable, Sendable {
  case node
  case infiniband(gigabits: Int, microseconds: Int)
  case ethernet(gigabits: Int, microseconds: Int)

  private static func rate(_ gigabits: Int, _ microseconds: Int) -> [Parameter] {
    [
      Parameter("gigabits", "Gbit/s in one direction", range: 1...100_000, standard: gigabits),
      Parameter("microseconds", "for each copy's call and the way there", range: 0...1_000_000, standard: microseconds),
    ]
  }

  public static let members = [
    Descriptor(
      name: "node", summary: "the links between GPUs of one node, as NCCL drives them",
      source: "datasheet's rate; start and efficiency of copies fitted to nccl-tests of the generation"),
    Descriptor(
      name: "infiniband", summary: "a network card for each GPU", source: "rate of NDR 400; 5 µs for a copy is assumed",
      parameters: rate(400, 5)),
    Descriptor(
      name: "ethernet", summary: "a network card that the GPUs of an instance share", source: "rate as given; 30 µs for a copy is assumed",
      parameters: rate(25, 30)),
  ]

  public init?(_ choice: Choice) {
    switch choice.name {
    case "node": self = .node
    case "infiniband": self = .infiniband(gigabits: choice.values[0], microseconds: choice.values[1])
    case "ethernet": self = .ethernet(gigabits: choice.values[0], microseconds: choice.values[1])
    default: return nil
    }
  }

  public var choice: Choice {
    switch self {
    case .node: Choice(Self.members[0], [])
    case .infiniband(let gigabits, let microseconds): Choice(Self.members[1], [gigabits, microseconds])
    case .ethernet(let gigabits, let microseconds): Choice(Self.members[2], [gigabits, microseconds])
    }
  }

  func link(between accelerator: Accelerator) -> KVLink {
    switch self {
    case .node: .node(of: accelerator)
    case .infiniband(let gigabits, let microseconds): KVLink(gigabits: gigabits, microseconds: microseconds, isShared: false)
    case .ethernet(let gigabits, let microseconds): KVLink(gigabits: gigabits, microseconds: microseconds, isShared: true)
    }
  }
}

/// Whether instances change sides.
public enum RoleRule: Equatable, Sendable {
  case fixed
  /// So many full steps of unread prompts on every prefill instance make a decode instance change sides.
  case loadAware(steps: Int)

  public static let members = [
    Descriptor(name: "fixed", summary: "prefill and decode instances stay what they are", source: "DistServe (Zhong et al., OSDI 2024)"),
    Descriptor(
      name: "load-aware", summary: "an instance changes sides when one side has too much to do and the other can spare it",
      source: "FlowKV's load-aware scheduler (Li et al., arXiv 2504.03775); Splitwise's mixed pool (Patel et al., ISCA 2024)",
      parameters: [
        Parameter("steps", "full steps of unread prompts on every prefill instance that are too much", range: 1...1_000, standard: 4)
      ]),
  ]

  public init?(_ choice: Choice) {
    switch choice.name {
    case "fixed": self = .fixed
    case "load-aware": self = .loadAware(steps: choice.values[0])
    default: return nil
    }
  }

  public var choice: Choice {
    switch self {
    case .fixed: Choice(Self.members[0], [])
    case .loadAware(let steps): Choice(Self.members[1], [steps])
    }
  }
}
