import Core
import Hardware
import KVMemory
import Scheduling

extension AxisCatalogue {
  /// What was given up is gone: back at `all`, requests go on with what they kept, and only a preemption brings the rest back.
  static let retain = Axis(
    name: "retain", summary: "which keys and values a request keeps; what it drops comes back only by computing it again",
    members: RetentionCatalogue.members.map { $0.descriptor },
    current: { $0.planner.retention.choice.description },
    obstacle: { engine, choice in RetentionCatalogue.retention(choice).flatMap { engine.obstacle(to: $0) } },
    warning: { engine, choice in RetentionCatalogue.retention(choice).flatMap { engine.warning(before: $0) } },
    wantsFork: { engine, choice in
      engine.membership != nil && RetentionCatalogue.retention(choice).map { engine.format(with: $0) != engine.kvFormat } ?? false
    },
    change: { engine, choice in RetentionCatalogue.retention(choice).map { engine.setRetention($0) } ?? [] })

  static let protect = Axis(
    name: "protect", summary: "what no retention policy may drop",
    members: Protection.members,
    current: { Protection.choice($0.planner.protected).description },
    change: { engine, choice in
      engine.planner.protected = Protection.tokens(choice)
      return []
    })
}

/// What stays whatever the policy says.
enum Protection {
  static let members = [
    Descriptor(name: "none", summary: "policies choose among all tokens", source: "as the policies were published"),
    Descriptor(
      name: "prompt-prefix", summary: "the first tokens of every prompt, where instructions stand, are never dropped",
      source: "The Pitfalls of KV Cache Compression (Chen et al., arXiv 2510.00231)",
      parameters: [Parameter("tokens", "of each prompt", range: 1...1_048_576, standard: 64)]),
  ]

  static func tokens(_ choice: Choice) -> Int { choice.values.first ?? 0 }
  static func choice(_ tokens: Int) -> Choice { tokens == 0 ? Choice(members[0], []) : Choice(members[1], [tokens]) }
}

extension Engine {
  /// Why this engine cannot keep only a part; nil when it can.
  func obstacle(to retention: any Retention) -> String? {
    if let obstacle = obstacle(toFormatOf: retention) { return obstacle }
    if retention.keepsAll { return nil }
    if !(planner.reservation is Paged) {
      return "memory that is reserved in one piece gives nothing back (--reservation \(planner.reservation.choice)) — choose paged first"
    }
    if device.language != nil, lanes != nil || split != nil {
      return "several batches are in flight at once, and end in any order, while real keys and values would be moved — choose --placement colocated and one stage (no --pp) first"
    }
    if let obstacle = obstacle(toFolding: retention) { return obstacle }
    guard retention.watch != .nobody, let model = device.modelledGPU?.model, model.latent != nil else { return nil }
    return "attention of \(model.name) is latent: watching it is not modelled — choose all or sink-window"
  }

  /// From now on. Who runs is watched first, where attention decides; back to keeping all, what was given up stays away.
  mutating func setRetention(_ retention: any Retention) -> [Settlement] {
    let before = planner.retention
    let format = format(with: retention)
    planner.retention = retention
    return (format == kvFormat ? [] : setKVFormat(format)) + settleTokens(after: before)
  }

  private mutating func settleTokens(after before: any Retention) -> [Settlement] {
    let retention = planner.retention
    let running = state.scheduler.running.map(Int.init)
    if retention.keepsAll {
      let lacking = running.count { state.scheduler.memory.tables[$0].dropped > 0 }
      return lacking > 0 ? [.incomplete(requests: lacking)] : []
    }
    guard retention.watch != .nobody, retention.watch != before.watch, !running.isEmpty else { return [] }
    for row in running { state.scheduler.memory.watch(row, from: state.scheduler.requests[row].computed) }
    guard case .lastQueries(_, ofPrompt: true) = retention.watch else {
      return [.watches(requests: running.count, tokens: retention.warmUp)]
    }
    let late = running.count { state.scheduler.requests[$0].computed >= state.scheduler.requests[$0].prompt.count }
    return late > 0 ? [.drains(requests: late)] : []
  }

  /// Which of a request's tokens still have keys and values; nil where it has none here, or where nobody can tell: a modelled
  /// device does not say which tokens attention would have chosen.
  public func kept(of request: RequestID) -> KeptTokens? {
    guard let row = state.scheduler.running.first(where: { state.scheduler.requests[Int($0)].id == request }).map(Int.init) else { return nil }
    let table = state.scheduler.memory.tables[row]
    let computed = state.scheduler.requests[row].computed
    if let fold = table.fold {
      let size = state.scheduler.memory.tokensPerBlock
      return device.kept(fold, computed: computed, tokensPerBlock: size) ?? KeptTokens(fold, computed: computed, tokensPerBlock: size)
    }
    if table.isScattered { return device.kept(of: request, computed: computed) }
    let gap = table.gap(tokensPerBlock: state.scheduler.memory.tokensPerBlock)
    let positions = (0..<Int32(computed)).filter { !gap.contains(Int($0)) }
    return KeptTokens(computed: computed, layers: 1, kvHeads: 1, positions: [positions])
  }
}
