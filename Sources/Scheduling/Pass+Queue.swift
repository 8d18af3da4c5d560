import Core
import KVMemory

/// The queue: who joins the batch.
extension Pass {
  /// Admits from the head of the queue, in order, until the first that cannot be.
  mutating func admit(_ state: inout SchedulerState) {
    guard plan.preempted.isEmpty else {
      plan.admissionEnd = .preemption
      return
    }
    reachedAdmission = true
    plan.admissionEnd = .queueEmpty
    guard !hasTurns else { return admitByTurns(&state) }
    while let row = state.waiting.head() {
      if let end = admitHead(row, Turn(), &state) {
        plan.admissionEnd = end
        return
      }
    }
  }

  mutating func admitByTurns(_ state: inout SchedulerState) {
    while !state.waiting.isEmpty {
      guard let turn = policy.turn(state), let row = state.waiting.head(turn) else {
        plan.admissionEnd = .notTheirTurn
        return
      }
      if let end = admitHead(row, turn, &state) {
        plan.admissionEnd = end
        return
      }
      state.waiting.tidy()
    }
  }

  /// - Returns: Nil when the head was admitted, else what kept it out.
  mutating func admitHead(_ row: Int, _ turn: Turn, _ state: inout SchedulerState) -> StepPlan.AdmissionEnd? {
    guard budget > 0, input > draftSlots else { return .tokenBudget }
    guard promptBudget > 0 else { return .promptTokens }
    guard state.running.count < limits.maxSequences else { return .sequences }
    guard state.requests[row].id.index < joinsBelow else { return .batchClosed }
    if let mostUrgency, !(urgency(of: row, state) < mostUrgency) { return .notTheirTurn }

    let known = state.requests[row].known
    let tokensPerBlock = state.memory.tokensPerBlock
    state.memory.extendHashes(of: row, request: state.requests[row])
    // The last known token is always computed: its logits are what is sampled from.
    let hashLimit = (known - 1) / tokensPerBlock
    var match = state.memory.match(row, limit: hashLimit)
    if limits.speculation.dropsLastHitBlock { match = state.memory.shortened(match, of: row) }
    // What host memory keeps of it comes after what the pool holds still.
    let parked = Int(state.requests[row].parked)
    let fromHost = parked > 0
      ? max(0, state.memory.blocks(of: row, for: parked) - match.blocks)
      : !state.memory.hasHost ? 0 : state.memory.hostMatch(row, from: match.blocks, limit: hashLimit)
    let hit = max(parked, (match.blocks + (parked > 0 ? 0 : fromHost)) * tokensPerBlock)
    if holdsPrefill, hit < known - 1 { return .heldBack }
    if parked == 0, blends || !state.memory.tables[row].chunks.isEmpty {
      state.memory.findChunks(row, request: state.requests[row], from: hit / tokensPerBlock, limit: blends ? hashLimit : 0)
    }
    if !beginsWays, hit < known - 1 { return .layersTaken }

    var want = known - hit
    var padding = 0
    // What no step has room for is not padded.
    if limits.speculation.maxDrafts > 0, want == 1, !servedReading, hasServedRunning || hit > 0,
      1 + limits.speculation.maxDrafts <= limits.maxBatchedTokens - draftSlots, hit + 1 + limits.speculation.maxDrafts + 1 <= limits.maxModelLength
    {
      padding = limits.speculation.maxDrafts
      want = 1 + padding
      guard want <= room else { return .tokenBudget }
    }
    if threshold > 0 { want = min(want, threshold) }
    want = min(want, promptBudget)
    if !limits.chunksPrefill, want > room { return .wholePrompt(tokens: want, left: room) }
    if readsWhole(want) {
      guard fitsWhole(want) else { return .wholePrompt(tokens: want, left: room) }
    } else {
      want = blends ? stretch(row, from: hit, want: want, state) : min(want, room)
    }

    // A chunk may be shorter than the shape that was to be filled.
    padding = min(padding, want - 1)

    let reserve = state.running.isEmpty ? 0 : Int(limits.watermark * Double(state.memory.pool.blockCount))
    let slots = min(hit + want + limits.speculation.lookahead, limits.maxModelLength)
    let blocksStart = plan.blocks.count
    let fresh: Int
    if let tokens = reservation.tokens(for: state.requests[row], state.outlook, longest: limits.maxModelLength) {
      // Drafts come after the last token that is kept.
      let drafts = limits.speculation.maxDrafts + limits.speculation.lookahead
      let wanted = min(
        max(tokens + drafts, Int(state.requests[row].reserved), known, slots), limits.maxModelLength + limits.speculation.lookahead)
      let blocks = min(state.memory.blocks(for: wanted), state.memory.pool.usableCount)
      switch state.memory.pool.freeRun(of: blocks) {
      case .found(let first):
        leave(row, turn, &state)
        state.memory.reserve(row, first: first, count: blocks, into: &plan.blocks)
        fresh = blocks
      case .longest(nil): return .memory(needed: blocks, free: state.memory.pool.freeCount)
      case .longest(let longest?):
        return .scattered(needed: blocks, longest: longest, free: state.memory.pool.freeCount)
      }
    } else {
      let fullNeed = limits.reservesFullPrompt ? state.memory.need(of: row, slots: min(known, limits.maxModelLength), match: match) : 0
      let need = max(fullNeed, state.memory.need(of: row, slots: slots, match: match)) + reserve
      guard need <= state.memory.pool.freeCount else { return .memory(needed: need, free: state.memory.pool.freeCount) }
      if policy.admitsByPeak, let end = exceedsPeak(row, match, state) { return end }
      leave(row, turn, &state)
      fresh = state.memory.allocate(row, slots: slots, match: match, into: &plan.blocks)
    }

    if parked > 0 {
      state.unpark(row)
    } else if fromHost > 0 {
      state.memory.touchHost(row, from: match.blocks, count: fromHost)
    }
    if !cutsLayers { state.publish(row, upTo: min(hit + want, known)) }
    let entry: StepPlan.Slot.Entry = state.requests[row].phase == .preempted ? .resumed : .admitted
    state.requests[row].phase = .running
    state.findTokens(hit, of: row)
    if parked == 0 { state.memory.watch(row, from: hit) }
    state.requests[row].reused = Int32(match.blocks * tokensPerBlock)
    state.running.append(Int32(row))
    if hit < known - 1 { admittedReading = true }
    var slot = StepPlan.Slot(
      row: Int32(row), request: state.requests[row].id, entry: entry, isReading: hit < known - 1,
      first: Int32(hit), count: Int32(want), drafts: Int32(padding), draftsArePadding: padding > 0,
      blocksStart: Int32(blocksStart), hitBlocks: Int32(match.blocks), newBlocks: Int32(fresh))
    if fromHost > 0 {
      slot.hostBlocks = Int32(fromHost)
      let start = blocksStart + match.blocks
      slot.hostRuns = Int32(KVCache.runs(plan.blocks[start..<start + fromHost]))
    }
    if blends { blend(&slot, state) }
    take(slot, &state)
    return nil
  }

  func leave(_ row: Int, _ turn: Turn, _ state: inout SchedulerState) {
    state.leaveQueue(row, turn, policy: policy)
  }

  /// What keeps a request out when the batch is not expected to fit memory to its end.
  ///
  /// Requests end in the order of the tokens they have left. When one of them ends, those with more left have each
  /// written as many: the most is needed at one of those moments.
  ///
  /// - Source: LightLLM's future memory (Gong et al., ASPLOS 2025), with known lengths.
  func exceedsPeak(_ row: Int, _ match: KVCache.Match, _ state: SchedulerState) -> StepPlan.AdmissionEnd? {
    guard !state.running.isEmpty else { return nil }
    let memory = state.memory
    let perBlock = memory.tokensPerBlock
    var common = memory.pool.usedCount + match.freeBlocks
    // Tokens left to write, and tokens of its own at the end of its prompt.
    var requests: [(left: Int, own: Int)] = []
    requests.reserveCapacity(state.running.count + 1)
    for running in state.running {
      let request = state.requests[Int(running)]
      let own = memory.tables[Int(running)].blocks.count - Int(request.reused) / perBlock
      common -= own
      let unread = max(0, request.prompt.count - request.computed - Int(request.underWay))
      requests.append((max(0, request.outputLimit - request.output.count - request.inFlight), own * perBlock + unread))
    }
    let request = state.requests[row]
    requests.append((request.outputLimit - request.output.count, request.known - match.blocks * perBlock))
    requests.sort { ($0.left, $0.own) > ($1.left, $1.own) }
    var own = 0
    var most = 0
    for (place, request) in requests.enumerated() {
      own += request.own
      most = max(most, own + request.left * (place + 1))
    }
    // Each has a block that is not full.
    let expected = common + memory.blocks(for: most) + requests.count
    let pool = memory.pool.usableCount
    return expected > pool ? .peak(expected: expected, pool: pool) : nil
  }

  var hasServedRunning: Bool { plan.slots.first?.entry == .continued }
}
