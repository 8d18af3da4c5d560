import Core

/// What can be chosen where several engines serve one trace. Each instance carries the rules; they are the same in all.
extension AxisCatalogue {
  static let replicas = Axis(
    name: "replicas", summary: "engines on GPUs of their own that serve the trace together", members: [], range: 1...64,
    current: { String($0.replicas) },
    obstacle: { engine, choice in
      choice.values[0] == engine.replicas
        ? nil : "a run keeps its GPUs — fork it"
    },
    wantsFork: { _, _ in true },
    change: { _, _ in [] })

  static let router = Axis(
    name: "router", summary: "which of several instances serves a request",
    members: RouterCatalogue.members.map { $0.descriptor },
    current: { ($0.membership?.rules.router ?? LeastLoaded()).choice.description },
    obstacle: { engine, _ in engine.membership == nil ? "one instance serves all — start a run with --replicas N" : nil },
    change: { engine, choice in
      if let router = RouterCatalogue.router(choice) { engine.membership?.rules.router = router }
      return []
    })

  static let kvLink = Axis(
    name: "kv-link", summary: "what joins instances that hand requests on",
    members: KVLinkChoice.members,
    current: { ($0.membership?.rules.linkChoice ?? .node).choice.description },
    obstacle: { engine, _ in nothingMoves(engine) },
    change: { engine, choice in
      if let link = KVLinkChoice(choice) { engine.membership?.rules.linkChoice = link }
      return []
    })

  static let kvTransfer = Axis(
    name: "kv-transfer", summary: "how keys and values that move are cut into copies",
    members: KVTransfer.allCases.map(\.descriptor),
    current: { ($0.membership?.rules.transfer ?? .perBlock).rawValue },
    obstacle: { engine, _ in nothingMoves(engine) },
    change: { engine, choice in
      if let transfer = KVTransfer(rawValue: choice.name) { engine.membership?.rules.transfer = transfer }
      return []
    })

  static let roles = Axis(
    name: "roles", summary: "whether instances change between prefill and decode with the load",
    members: RoleRule.members,
    current: { ($0.membership?.rules.roles ?? .fixed).choice.description },
    obstacle: { engine, _ in nothingMoves(engine) },
    change: { engine, choice in
      if let rule = RoleRule(choice) { engine.membership?.rules.roles = rule }
      return []
    })

  private static func nothingMoves(_ engine: Engine) -> String? {
    engine.membership?.isDisaggregated == true ? nil : "no request moves between instances — start a run with --placement disaggregated:PxD"
  }
}

extension Engine {
  /// Instances that each do all.
  var replicas: Int { membership?.isDisaggregated == true ? 1 : membership?.count ?? 1 }
}
