import Core
import Hardware
import KVMemory
import Scheduling

/// How requests get from the instance that has read their prompts to one that decodes.
///
/// ```
/// first token out ─▶ router ─▶ waits for blocks at the target ─▶ waits for the link ─▶ moves ─▶ decodes
///                              └────────── its blocks at the source stay as they are ──────────┘
/// ```
///
/// The target gives blocks between its steps, first come, first served, and to nobody while someone is in its queue
/// whom it had to preempt. A transfer has the source's way out and the target's way in for itself.
extension Fleet {
  /// A request between two instances.
  public struct Move: Equatable, Sendable {
    public let request: RequestID
    public let source: Int
    /// Tokens whose keys and values go along.
    public let tokens: Int
    /// When its first token was out.
    public let ready: EngineTime
    let sourceRow: Int
    public internal(set) var phase = Phase.leaving

    public enum Phase: Equatable, Sendable {
      /// The step that gives its first token is under way.
      case leaving
      /// It waits until the target has blocks for it.
      case waiting(target: Int)
      /// It waits for the link or is on it.
      case granted(KVMove, targetRow: Int)
    }

    /// Nil until the router has been asked.
    public var target: Int? {
      switch phase {
      case .leaving: nil
      case .waiting(let target): target
      case .granted(let move, _): Int(move.target)
      }
    }

    func waits(for number: Int) -> Bool { phase == .waiting(target: number) }
  }

  /// What a block is on the way.
  public struct Cargo: Equatable, Sendable {
    /// Of all GPUs of an instance, over all layers.
    public var bytesPerBlock: Int
    /// Places in which it lies on each GPU where layers are apart.
    public var copiesPerBlock: Int
    /// GPUs that move their part at the same time.
    public var gpus: Int
    /// Of the two sides.
    public var accelerators: [Accelerator]

    public init(bytesPerBlock: Int, copiesPerBlock: Int, gpus: Int, accelerators: [Accelerator]) {
      self.bytesPerBlock = bytesPerBlock
      self.copiesPerBlock = copiesPerBlock
      self.gpus = gpus
      self.accelerators = accelerators
    }

    /// - Parameter stages: Of both sides; each stage's GPUs move the layers that they have.
    init(from reader: Engine, to decoder: Engine, stages: Int) {
      let gpus = [reader, decoder].compactMap(\.device.modelledGPU)
      let tokens = reader.state.memory.tokensPerBlock
      // Ranks that hold the same heads hold them once too often: the fewest bytes are what must go.
      bytesPerBlock = gpus.map { $0.model.kvBytesPerToken(ranks: $0.tensorParallel) * $0.tensorParallel * tokens }.min() ?? 0
      copiesPerBlock = 2 * (((gpus.first?.model.layers ?? 0) + stages - 1) / stages)
      self.gpus = stages * (gpus.map(\.tensorParallel).min() ?? 1)
      accelerators = gpus.map(\.accelerator)
    }

    /// The slower end decides.
    func link(_ choice: KVLinkChoice) -> KVLink {
      let ends = accelerators.map(choice.link)
      return KVLink(
        bandwidth: ends.map(\.bandwidth).min() ?? 1, latency: ends.map(\.latency).max() ?? 0, isShared: ends.contains(where: \.isShared))
    }
  }

  /// What joins the instances; nil where nothing moves.
  public var link: KVLink? { rules.flatMap { rules in cargo.map { $0.link(rules.linkChoice) } } }

  /// When a move has something to do next.
  var nextMove: EngineTime? {
    var next = facts.compactMap(\.attempt).min()
    for move in moves {
      let time: EngineTime
      switch move.phase {
      case .leaving: time = move.ready
      case .waiting: continue
      case .granted(let transfer, _): time = transfer.end
      }
      next = min(next ?? time, time)
    }
    return next
  }

  mutating func depart(_ request: RequestID, from number: Int, at time: EngineTime) {
    let scheduler = instances[number].state.scheduler
    guard let row = scheduler.requests.firstIndex(where: { $0.id == request && $0.phase == .moving }) else {
      fatalError("\(request) has left instance \(number) and is not there")
    }
    instances[number].state.hangUps.removeAll { $0.id == request }
    moves.append(Move(request: request, source: number, tokens: scheduler.requests[row].computed, ready: time, sourceRow: row))
  }

  /// All that is due at `moment`: transfers that end, then requests that leave, then blocks that can be given.
  mutating func settleMoves() {
    var position = 0
    while position < moves.count {
      if case .granted(let transfer, let row) = moves[position].phase, transfer.end <= moment {
        land(moves.remove(at: position), transfer, targetRow: row)
      } else {
        position += 1
      }
    }
    for position in moves.indices where moves[position].phase == .leaving && moves[position].ready <= moment {
      let request = instances[moves[position].source].state.scheduler.requests[moves[position].sourceRow]
      let target = choose(request, turn: turns.decoded) { $0 != .prefill }
      turns.decoded += 1
      moves[position].phase = .waiting(target: target)
      allow(target)
    }
    for number in facts.indices {
      guard let attempt = facts[number].attempt, attempt <= moment else { continue }
      facts[number].attempt = nil
      grant(at: number)
    }
  }

  /// Blocks may be given at an instance again, when its step is over.
  private mutating func allow(_ number: Int) { facts[number].attempt = max(moment, instances[number].state.now) }

  private mutating func grant(at number: Int) {
    while let position = moves.firstIndex(where: { $0.waits(for: number) }) {
      let move = moves[position]
      if move.source == number {
        stay(moves.remove(at: position))
        continue
      }
      guard let granted = granted(move, at: number) else { return }
      moves[position].phase = granted
    }
  }

  /// Nil when the target has no room.
  private mutating func granted(_ move: Move, at number: Int) -> Move.Phase? {
    guard let cargo, let rules, let link else { return nil }
    let scheduler = instances[number].state.scheduler
    let coming = moves.count { if case .granted(let transfer, _) = $0.phase { Int(transfer.target) == number } else { false } }
    guard scheduler.waiting.isEmpty, scheduler.running.count + coming < instances[number].planner.limits.maxSequences else { return nil }
    let source = instances[move.source].state.scheduler
    guard let (row, hits) = instances[number].state.scheduler.receive(handedOn(move), planner: instances[number].planner) else {
      return nil
    }
    let end = source.memory.blocks(for: move.tokens)
    let blocks = source.memory.tables[move.sourceRow].blocks[hits..<end]
    let calls = rules.transfer.calls(
      source: blocks, target: instances[number].state.memory.tables[row].blocks[hits..<end], copiesPerBlock: cargo.copiesPerBlock)
    let start = max(moment, facts[move.source].wayOut, facts[number].wayIn)
    let time = link.time(calls: calls, bytes: blocks.count * cargo.bytesPerBlock, gpus: cargo.gpus)
    facts[move.source].wayOut = start + time
    facts[number].wayIn = start + time
    return .granted(
      KVMove(
        source: move.source, target: number, blocks: blocks.count, calls: calls, ready: move.ready, granted: moment, start: start,
        end: start + time), targetRow: row)
  }

  /// The request as the target gets it: with all that it was asked for.
  private func handedOn(_ move: Move) -> Request {
    var request = instances[move.source].state.scheduler.requests[move.sourceRow]
    request.outputLimit = trace.arrivals[request.id.index].outputLimit
    return request
  }

  /// Keys and values have come: the request decodes, and the source has its blocks back.
  private mutating func land(_ move: Move, _ transfer: KVMove, targetRow: Int) {
    let target = Int(transfer.target)
    instances[target].state.scheduler.land(row: targetRow)
    instances[target].observe(row: targetRow)
    instances[target].expectHangUp(of: move.request)
    wake(target)
    release(move)
    facts[target].pendingEvents.append(.moved(move.request, transfer))
  }

  /// The source itself decodes, since it changed sides.
  private mutating func stay(_ move: Move) {
    instances[move.source].state.scheduler.stay(row: move.sourceRow, outputLimit: handedOn(move).outputLimit)
    instances[move.source].expectHangUp(of: move.request)
    wake(move.source)
    facts[move.source].pendingEvents.append(
      .moved(
        move.request,
        KVMove(
          source: move.source, target: move.source, blocks: 0, calls: 0, ready: move.ready, granted: moment, start: moment, end: moment)))
  }

  private mutating func release(_ move: Move) {
    instances[move.source].state.scheduler.retire(row: move.sourceRow)
    wake(move.source)
    if moves.contains(where: { $0.waits(for: move.source) }) { allow(move.source) }
  }

  /// Nothing can go on because requests that wait for blocks hold those that others wait for: the one that has waited
  /// longest drops its keys and values and computes them again at its target.
  ///
  /// - Returns: False when nobody waits.
  mutating func giveUpMove() -> Bool {
    guard let position = moves.firstIndex(where: { $0.target != nil }), let target = moves[position].target else { return false }
    let move = moves.remove(at: position)
    let request = handedOn(move)
    let before = instances[move.source].state.memory.pool.freeCount
    release(move)
    let released = instances[move.source].state.memory.pool.freeCount - before
    instances[target].state.scheduler.enqueue(moved: request, policy: instances[target].planner.policy)
    instances[target].expectHangUp(of: move.request)
    wake(target)
    facts[target].pendingEvents.append(.preempted(move.request, releasedBlocks: Int32(released), lostTokens: Int32(move.tokens)))
    return true
  }
}
