import Core
import KVMemory
import Scheduling

/// Instances that change sides with the load.
extension Fleet {
  /// Part of the decoding instances' blocks that may be in use for one of them to leave, counted without it.
  static let mostUsed = 0.8
  /// Part beyond which they are given another.
  static let tooFull = 0.95
  /// Steps of the fleet between two changes.
  static let patience = 64

  /// Decoding instances want another when their blocks are almost all in use, or each refuses someone.
  ///
  /// At most one instance changes sides, when one side has too much to do and the other can spare it. What it has begun it
  /// ends; only who comes from now on is of its new kind.
  ///
  /// - Parameter steps: Full steps of unread prompts on every prefill instance that are too much.
  mutating func changeRoles(backlog steps: Int) {
    guard step >= turns.rolesRestUntil else { return }
    let readers = instances.indices.filter { instances[$0].membership?.role == .prefill }
    let decoders = instances.indices.filter { instances[$0].membership?.role == .decode }
    guard !readers.isEmpty, !decoders.isEmpty else { return }
    let used = decoders.reduce(0) { $0 + instances[$1].state.memory.pool.usedCount }
    let backlog = readers.map { instances[$0].backlog }
    let full = instances[0].planner.limits.maxBatchedTokens
    func pool(_ count: Int) -> Double { Double(count * (instances[decoders[0]].state.memory.pool.usableCount)) }

    if decoders.count > 1, (backlog.min() ?? 0) > steps * full, Double(used) < Self.mostUsed * pool(decoders.count - 1) {
      // The one with the least to end.
      let number = decoders.min { instances[$0].state.scheduler.running.count < instances[$1].state.scheduler.running.count }
      change(number ?? decoders[0], to: .prefill)
    } else if readers.count > 1, backlog.reduce(0, +) < full,
      Double(used) > Self.tooFull * pool(decoders.count)
        || decoders.allSatisfy({ number in facts[number].attempt == nil && moves.contains { $0.waits(for: number) } })
    {
      let number = readers.min { instances[$0].backlog < instances[$1].backlog }
      change(number ?? readers[0], to: .decode)
    }
  }

  private mutating func change(_ number: Int, to role: Membership.Role) {
    instances[number].membership?.role = role
    turns.rolesRestUntil = step + Self.patience
    pendingEvents.append(.switched(axis: "instance \(number + 1)", to: role.rawValue))
  }
}

extension Engine {
  /// Tokens of prompts that wait to be read. O(requests).
  var backlog: Int {
    let scheduler = state.scheduler
    var tokens = state.inbox.reduce(0) { $0 + trace.arrivals[$1.index].prompt.count }
    for request in scheduler.requests where request.phase == .waiting || request.phase == .preempted || request.phase == .running {
      tokens += max(0, request.prompt.count - request.computed)
    }
    return tokens
  }
}
