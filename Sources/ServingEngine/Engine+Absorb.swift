import Core
import Hardware
import KVMemory
import Scheduling
import Speculation

/// What a step gave, and what is told of it.
extension Engine {
  func report(_ plan: StepPlan, _ events: inout [EngineEvent]) {
    events.reserveCapacity(events.count + plan.slots.count + 8)
    for preemption in plan.preempted {
      events.append(
        .preempted(preemption.request, releasedBlocks: preemption.releasedBlocks, lostTokens: preemption.lostTokens))
      if preemption.parkedTokens > 0 {
        events.append(.swappedOut(preemption.request, blocks: preemption.copiedBlocks, tokens: preemption.parkedTokens))
      }
      if preemption.underWay > 0 {
        events.append(.turnedBack(preemption.request, count: preemption.underWay, at: preemption.depth))
      }
    }
    for compaction in plan.compactions {
      events.append(
        .compressed(
          compaction.request, kept: Int32(compaction.kept), dropped: Int32(compaction.slots - compaction.kept),
          freed: Int32(compaction.freed)))
    }
    for slot in plan.slots where slot.entry != .continued {
      events.append(.admitted(slot.request, reused: slot.first))
      if slot.hostBlocks > 0 { events.append(.swappedIn(slot.request, blocks: slot.hostBlocks)) }
    }
    guard planner.recomputedShare < 100 else { return }
    for slot in plan.slots where slot.blendedBlocks > 0 { events.append(.swappedIn(slot.request, blocks: slot.blendedBlocks)) }
  }

  /// What a step's copies add to its time: all of it, or what the kernels do not hide.
  func copyTime(_ plan: StepPlan, besides kernels: EngineTime) -> EngineTime {
    guard state.scheduler.memory.hasHost, let hostLink else { return .zero }
    // What goes to and from the prefix cache alone is gathered: one copy for each layer and direction.
    var copying = Preemption.Copying(grouped: true)
    if case .host(_, _, let overlapped) = hostCache { copying.overlapped = overlapped }
    if case .swap(let chosen) = planner.preemption { copying = chosen }
    var load = HostLink.Load()
    load.blocksOut = plan.spilledBlocks
    load.pieces = copying.grouped ? min(1, plan.spilledBlocks) : plan.spilledBlocks
    for preemption in plan.preempted {
      load.blocksOut += Int(preemption.copiedBlocks)
      load.pieces += Int(copying.grouped ? preemption.copiedRuns : preemption.copiedBlocks)
    }
    for slot in plan.slots where slot.hostBlocks > 0 {
      load.blocksIn += Int(slot.hostBlocks)
      load.pieces += Int(copying.grouped ? slot.hostRuns : slot.hostBlocks)
    }
    let link = hostLink.at(hostCache)
    let time = link.time(for: load)
    let waited = copying.overlapped ? max(.zero, time - kernels) : time
    guard planner.recomputedShare < 100 else { return waited }
    // Chunks are loaded and stored layer by layer, while the layer before and after is computed.
    var chunks = HostLink.Load()
    chunks.blocksOut = plan.chunkBlocks
    for slot in plan.slots { chunks.blocksIn += Int(slot.blendedBlocks) }
    chunks.pieces = min(1, chunks.blocksIn) + min(1, chunks.blocksOut)
    return waited + max(.zero, link.time(for: chunks) - kernels)
  }

  mutating func absorb(_ step: DecidedStep, _ outcome: BatchOutcome, _ events: inout [EngineEvent]) {
    let plan = step.plan
    require(
      outcome.slots.count == step.batch.slots.count,
      "\(device.name) answered for \(outcome.slots.count) of \(step.batch.slots.count) slots")
    // Drafting comes after: told or not, a token is out when it was sampled.
    let stepEnd = state.now + outcome.duration - outcome.drafting
    let longest = planner.limits.maxModelLength
    let ends = endsOfText
    let speculates = speculates
    var leaving: [Int32] = []
    var token = 0
    for position in plan.slots.indices {
      let slot = plan.slots[position]
      let result = outcome.slots[position]
      // Who hung up after the plan was made has had its share computed for nothing.
      guard state.scheduler.isAlive(slot.request, row: Int(slot.row)) else {
        token += Int(result.emitted)
        continue
      }
      if plan.isInterruptible {
        let reached = outcome.stopped ?? slot.to
        state.scheduler.pass(slot, to: reached)
      }
      guard (outcome.stopped ?? slot.to) == .end else {
        events.append(.passed(slot.request, first: slot.first, count: slot.count, from: slot.from, to: outcome.stopped ?? slot.to))
        continue
      }
      var emitted = 0
      var finish: FinishReason?
      if result.emitted > 0 {
        let tokens = outcome.tokens.span.extracting(token..<token + Int(result.emitted))
        token += Int(result.emitted)
        (emitted, finish) = state.scheduler.absorb(
          row: Int(slot.row), rejected: Int(slot.drafts - result.accepted), tokens: tokens,
          end: ends.isEmpty ? nil : Self.end(of: tokens, ends), longest: longest, at: stepEnd)
      }
      events.append(
        .computed(
          slot.request, first: slot.first, count: slot.count, drafted: Int16(truncatingIfNeeded: slot.drafts),
          accepted: Int16(truncatingIfNeeded: result.accepted), emitted: Int16(truncatingIfNeeded: emitted)))
      if speculates, emitted > 0 { observe(emitted, of: Int(slot.row)) }
      if let finish {
        leave(slot, finish, &events)
        leaving.append(slot.row)
      }
    }
    state.scheduler.leaveBatch(leaving)
  }

  /// The drafter sees what came out.
  private mutating func observe(_ emitted: Int, of row: Int) {
    let request = state.scheduler.requests[row]
    drafting.drafter.observe(request, from: request.output.count == emitted ? 0 : request.known - emitted)
  }

  /// A request is done here.
  private mutating func leave(_ slot: StepPlan.Slot, _ finish: FinishReason, _ events: inout [EngineEvent]) {
    let row = Int(slot.row)
    if goesOnElsewhere(row) {
      events.append(.departed(slot.request))
      state.scheduler.depart(row: row)
    } else {
      events.append(.finished(slot.request, finish))
      state.ahead?.forgetPreemption(of: slot.request)
      state.scheduler.retire(row: row)
    }
  }

  /// Whether a request that is done here has more to say than its first token.
  private func goesOnElsewhere(_ row: Int) -> Bool {
    guard membership != nil else { return false }
    let request = state.scheduler.requests[row]
    return request.outputLimit < trace.arrivals[request.id.index].outputLimit && request.known < planner.limits.maxModelLength
  }

  /// How many tokens there are up to the first that ends the text; nil when none does.
  static func end(of tokens: Span<TokenID>, _ endsOfText: [TokenID]) -> Int? {
    for position in 0..<tokens.count where endsOfText.contains(tokens[position]) { return position + 1 }
    return nil
  }

  /// Tokens' worth of a slot's work: those that go through a part of the layers count in part, and as often as they are read
  /// in all.
  private func share(of slot: StepPlan.Slot, to depth: Depth) -> Int32 {
    if slot.from == .start, depth == .end { return slot.count }
    let layers = planner.layers
    func tokens(at depth: Depth) -> Int { Int(slot.count) * depth.layers(of: layers) / layers }
    return Int32(tokens(at: depth) - tokens(at: slot.from))
  }

  func makeRecord(
    _ plan: StepPlan, _ outcome: BatchOutcome, _ events: [EngineEvent], start: EngineTime
  ) -> StepRecord {
    var record = StepRecord()
    record.step = state.step
    if let membership { record.instance = Int16(truncatingIfNeeded: membership.number) }
    record.start = start
    record.duration = outcome.duration
    record.sequences = Int32(plan.slots.count)
    for (slot, result) in zip(plan.slots, outcome.slots) {
      if slot.isReading {
        record.prefillTokens += share(of: slot, to: outcome.stopped ?? slot.to) - slot.blended
      } else if outcome.stopped == nil {
        record.decodeTokens += slot.count - slot.drafts
        record.draftTokens += slot.drafts
        record.acceptedTokens += result.accepted
      }
      record.emittedTokens += result.emitted
    }
    let memory = state.scheduler.memory
    record.usedBlocks = Int32(memory.pool.usedCount)
    record.cachedBlocks = Int32(memory.cachedFreeCount)
    record.running = Int32(state.scheduler.running.count)
    record.waiting = Int32(state.scheduler.waiting.count)
    record.preemptions = Int32(plan.preempted.count)
    record.evictedBlocks = Int32(plan.evictedBlocks)
    record.heldSlots = Int32(memory.heldCount * memory.tokensPerBlock)
    record.filledSlots = Int32(state.scheduler.filledSlots)
    record.droppedTokens = Int32(state.scheduler.droppedTokens)
    record.strandedBlocks = Int32(plan.strandedBlocks)
    if memory.hasHost { record.swappedBlocks = plan.copiedBlocks }
    for event in events { if case .finished = event { record.finished += 1 } }
    record.cost = outcome.cost
    record.drafting = outcome.drafting
    return record
  }
}
