import Core
import KVMemory

/// All that planning reads and changes: the requests that live, who runs, who waits, and memory.
public struct SchedulerState: Sendable {
  /// Live requests by row; rows of finished ones are used again.
  public internal(set) var requests: [Request] = []
  private var freeRows: [Int32] = []
  /// Rows in order of admission.
  public internal(set) var running: [Int32] = []
  public internal(set) var waiting = WaitingQueue()
  public package(set) var memory: KVCache
  var interval = PrefillInterval()
  var staticBatch = StaticBatch()
  /// The place before everyone in the queue, for the next preempted request.
  private var frontOrder = -1
  /// Requests with lower numbers have arrived.
  private(set) var arrived = 0

  /// The time for which is planned.
  public package(set) var now = EngineTime.zero
  public package(set) var outlook: Outlook
  /// What tenants were charged, while the policy charges anything.
  public internal(set) var ledger = ServiceLedger()
  /// The queue that the first admission of the step came from; nil before it.
  public internal(set) var laneOfStep: Int?
  /// Of the last survey of the queue.
  public private(set) var balance = 0.0
  /// Requests that came since.
  private var unsurveyed = 0
  /// Tokens whose keys and values running requests have in memory.
  public internal(set) var filledSlots = 0
  /// Tokens of theirs whose keys and values were given up.
  public internal(set) var droppedTokens = 0
  /// Requests with tokens on their way through the layers.
  public internal(set) var underWay = 0
  /// Places that requests have in batches under way beside others.
  private(set) var flying = 0

  public init(memory: KVCache, outlook: Outlook = Outlook()) {
    self.memory = memory
    self.outlook = outlook
  }

  public var liveCount: Int { running.count + waiting.count }

  /// A request enters the queue.
  public mutating func enqueue(_ arrival: Arrival, id: RequestID, policy: any SchedulingPolicy) {
    let row = seat(Request(id: id, arrival: arrival))
    enter(row: row, policy: policy)
    unsurveyed += 1
  }

  /// Gives a request a row.
  private mutating func seat(_ request: Request) -> Int {
    arrived = max(arrived, request.id.index + 1)
    if let free = freeRows.popLast() {
      requests[Int(free)] = request
      return Int(free)
    }
    requests.append(request)
    memory.makeTables(count: requests.count)
    return requests.count - 1
  }

  /// Puts a request into its queue.
  private mutating func enter(row: Int, policy: any SchedulingPolicy) {
    if policy.hasTurns {
      memory.extendHashes(of: row, request: requests[row])
      let known = requests[row].known
      let hit = memory.match(row, limit: (known - 1) / memory.tokensPerBlock).blocks * memory.tokensPerBlock
      let lane = policy.lane(of: requests[row], unread: known - hit)
      requests[row].lane = UInt16(lane)
      if policy.charges != nil {
        waiting.tidy()
        ledger.lift(lane, among: waiting)
      }
    } else {
      requests[row].lane = 0
    }
    waiting.insert(entry(of: row, policy: policy), lane: Int(requests[row].lane))
  }

  func entry(of row: Int, policy: any SchedulingPolicy) -> WaitingQueue.Entry {
    let request = requests[row]
    let comesFirst = request.phase == .preempted && policy.victim == .newest
    let order = comesFirst ? request.queueOrder : policy.victim == .leastUrgent ? Int(request.arrival.nanoseconds) : request.id.index
    return WaitingQueue.Entry(
      rank: comesFirst ? Int.min : policy.rank(request, outlook), order: order, id: request.id, slot: Int32(row))
  }

  /// Takes a running request's blocks and puts it back into the queue.
  /// - Parameter swaps: Its keys and values are copied to host memory, if they fit there.
  mutating func preempt(row: Int, policy: any SchedulingPolicy, swaps: Bool = false) -> StepPlan.Preemption {
    var lost = requests[row].computed
    var copied = (blocks: 0, runs: 0)
    forgetTokens(of: row)
    if swaps, let copy = memory.park(row, tokens: lost) {
      copied = copy
      requests[row].parked = Int32(lost)
      lost = 0
    }
    let lostWay = (requests[row].underWay, requests[row].depth)
    leaveWay(row)
    let released = memory.release(row, isParked: requests[row].parked > 0)
    requests[row].phase = .preempted
    requests[row].computed = 0
    requests[row].isReading = false
    requests[row].draft.removeAll()
    requests[row].preemptions += 1
    requests[row].queueOrder = frontOrder
    frontOrder -= 1
    enter(row: row, policy: policy)
    return StepPlan.Preemption(
      request: requests[row].id, releasedBlocks: Int32(released), lostTokens: Int32(lost),
      copiedBlocks: Int32(copied.blocks), copiedRuns: Int32(copied.runs), parkedTokens: requests[row].parked,
      underWay: lostWay.0, depth: lostWay.1)
  }

  /// A request's tokens are in memory no more, or come back there.
  private mutating func forgetTokens(of row: Int) {
    let dropped = Int(memory.tables[row].dropped)
    filledSlots -= requests[row].computed - dropped
    droppedTokens -= dropped
  }

  /// A request that leaves the queue has `tokens` in memory, but for those that it gave up before it was preempted.
  mutating func findTokens(_ tokens: Int, of row: Int) {
    let dropped = Int(memory.tables[row].dropped)
    requests[row].computed = tokens
    filledSlots += tokens - dropped
    droppedTokens += dropped
  }

  /// Forgets a request that has left the batch or the queue.
  public mutating func retire(row: Int) {
    if requests[row].phase == .running || requests[row].phase == .moving { forgetTokens(of: row) }
    if requests[row].parked > 0 { unpark(row) }
    leaveWay(row)
    memory.release(row)
    memory.clear(row)
    requests[row].phase = .left
    freeRows.append(Int32(row))
  }

  /// The client hung up: the request leaves wherever it is.
  /// - Returns: False when it is not alive. O(live requests): hanging up is rare.
  public mutating func abort(_ id: RequestID) -> Bool {
    if let position = running.firstIndex(where: { requests[Int($0)].id == id }) {
      retire(row: Int(running.remove(at: position)))
      return true
    }
    for row in waitingRows where requests[row].id == id {
      waiting.remove(id)
      retire(row: row)
      return true
    }
    return false
  }

  /// Rows of all who live, in no useful order. O(requests).
  public var liveRows: [Int] { running.map(Int.init) + waitingRows }

  /// Rows of the queue, in no useful order.
  private var waitingRows: [Int] {
    var live = [Bool](repeating: true, count: requests.count)
    for row in freeRows { live[Int(row)] = false }
    for row in running { live[Int(row)] = false }
    return requests.indices.filter { live[$0] && requests[$0].phase != .moving }
  }

  /// Orders the queue anew, for a policy that was switched to. Counters of service begin at zero.
  public mutating func reorderQueue(policy: any SchedulingPolicy) {
    let rows = waitingRows
    waiting.removeAll()
    ledger = ServiceLedger()
    for row in rows { enter(row: row, policy: policy) }
    unsurveyed = rows.count
  }

  /// Has the policy look at the whole queue, once an eighth of it is new: so each request is looked at a few times.
  mutating func survey(policy: any SchedulingPolicy) {
    guard unsurveyed > 0, unsurveyed * 8 >= waiting.count else { return }
    unsurveyed = 0
    let rows = waitingRows.sorted { requests[$0].id < requests[$1].id }
    let queue = rows.map { row in
      memory.extendHashes(of: row, request: requests[row])
      return Surveyed(request: requests[row], blocks: memory.tables[row].hashes, tokensPerBlock: memory.tokensPerBlock)
    }
    let survey = policy.survey(queue, outlook)
    require(survey.ranks.count == rows.count, "a survey of \(rows.count) requests gave \(survey.ranks.count) ranks")
    balance = survey.balance
    waiting.removeAll()
    for (row, rank) in zip(rows, survey.ranks) {
      let entry = entry(of: row, policy: policy)
      waiting.insert(
        WaitingQueue.Entry(rank: min(entry.rank, rank), order: entry.order, id: entry.id, slot: entry.slot),
        lane: Int(requests[row].lane))
    }
  }

  /// What a parked request had in host memory is no longer its own.
  mutating func unpark(_ row: Int) {
    memory.unpark(row, tokens: Int(requests[row].parked))
    requests[row].parked = 0
  }

  /// Rows of the first `limit` requests in the order in which the policy would serve them if it served one after
  /// the other now. For looking: the state is copied.
  public func servedNext(_ limit: Int, policy: any SchedulingPolicy) -> [Int] {
    guard policy.hasTurns else { return waiting.slots(first: limit) }
    var state = self
    var rows: [Int] = []
    state.laneOfStep = nil
    while rows.count < limit {
      state.waiting.tidy()
      guard let turn = policy.turn(state), let row = state.waiting.head(turn) else { break }
      state.leaveQueue(row, turn, policy: policy)
      rows.append(row)
    }
    // Whoever has no turn now comes after.
    return rows + state.waiting.slots(first: limit - rows.count)
  }

  /// The request at an end of a queue leaves it.
  mutating func leaveQueue(_ row: Int, _ turn: Turn, policy: any SchedulingPolicy) {
    waiting.removeHead(turn)
    guard policy.hasTurns else { return }
    if laneOfStep == nil { laneOfStep = turn.lane }
    requests[row].cameFromBack = turn.fromBack
    guard let charges = policy.charges else { return }
    ledger.left(turn.lane)
    if requests[row].phase != .preempted { ledger.charge(turn.lane, charges.reading * requests[row].prompt.count) }
  }

  // MARK: Switching

  /// Reserved memory becomes paged: what no token is in goes back to the pool.
  /// - Returns: Blocks that went back.
  public mutating func unreserveAll() -> Int {
    var returned = 0
    for row in running {
      let request = requests[Int(row)]
      returned += memory.unreserve(Int(row), slots: request.computed + Int(request.underWay))
    }
    return returned
  }

  /// Preempted requests whose keys and values are in host memory. O(requests).
  public var parkedRequests: Int { waitingRows.count { requests[$0].parked > 0 } }

  // MARK: Moving between instances

  /// A running request is done here and leaves the batch; its blocks stay until its keys and values have been moved.
  public mutating func depart(row: Int) { requests[row].phase = .moving }

  /// Gives a request that comes from another instance a row, and blocks for what it has computed and the next token.
  ///
  /// - Returns: Its row, and how many leading blocks the prefix cache held; nil when there is no room.
  public mutating func receive(_ request: Request, planner: Planner) -> (row: Int, hitBlocks: Int)? {
    let slots = min(request.computed + 1 + planner.limits.speculation.lookahead, planner.limits.maxModelLength)
    let reserved = planner.reservation.tokens(for: request, outlook, longest: planner.limits.maxModelLength)
    if reserved == nil, !memory.reusesPrefixes, memory.blocks(for: slots) > memory.pool.freeCount { return nil }
    let row = seat(request)
    memory.extendHashes(of: row, request: request)
    var taken: [BlockID] = []
    if let reserved {
      let count = min(memory.blocks(for: max(reserved, slots)), memory.pool.usableCount)
      guard case .found(let first) = memory.pool.freeRun(of: count) else { return refuse(row) }
      memory.reserve(row, first: first, count: count, into: &taken)
    } else {
      let match = memory.match(row, limit: request.computed / memory.tokensPerBlock)
      guard memory.need(of: row, slots: slots, match: match) <= memory.pool.freeCount else { return refuse(row) }
      memory.allocate(row, slots: slots, match: match, into: &taken)
      requests[row].reused = Int32(match.blocks * memory.tokensPerBlock)
    }
    requests[row].phase = .moving
    requests[row].plannedStep = -1
    requests[row].queueOrder = request.id.index
    if planner.policy.hasTurns { requests[row].lane = UInt16(planner.policy.lane(of: request, unread: 0)) }
    return (row, Int(requests[row].reused) / memory.tokensPerBlock)
  }

  private mutating func refuse(_ row: Int) -> (row: Int, hitBlocks: Int)? {
    memory.clear(row)
    requests[row].phase = .left
    freeRows.append(Int32(row))
    return nil
  }

  /// A request whose keys and values have come goes on here.
  public mutating func land(row: Int) {
    findTokens(requests[row].computed, of: row)
    requests[row].phase = .running
    running.append(Int32(row))
    publish(row, upTo: requests[row].computed)
  }

  /// A request goes on where it departed from.
  public mutating func stay(row: Int, outputLimit: Int) {
    requests[row].outputLimit = outputLimit
    requests[row].phase = .running
    running.append(Int32(row))
  }

  /// A request that comes from another instance without its keys and values: they are computed again.
  public mutating func enqueue(moved request: Request, policy: any SchedulingPolicy) {
    let row = seat(request)
    requests[row].phase = .preempted
    requests[row].computed = 0
    requests[row].preemptions += 1
    requests[row].plannedStep = -1
    requests[row].queueOrder = frontOrder
    frontOrder -= 1
    enter(row: row, policy: policy)
    unsurveyed += 1
  }

  // MARK: Batches beside others

  /// The requests of a plan are under way.
  mutating func takeOff(_ plan: StepPlan) {
    for slot in plan.slots { requests[Int(slot.row)].flights += 1 }
    flying += plan.slots.count
  }

  /// A batch that ran beside others has ended.
  package mutating func land(_ plan: StepPlan) {
    for slot in plan.slots { requests[Int(slot.row)].flights -= 1 }
    flying -= plan.slots.count
  }

  // MARK: Leaving

  /// Drops requests from the running list; the others keep their order.
  public mutating func leaveBatch(_ rows: [Int32]) {
    guard !rows.isEmpty else { return }
    running.removeAll { rows.contains($0) }
  }

  public mutating func setDraft(_ draft: [TokenID], row: Int) { requests[row].draft = draft }

  public mutating func forgetDrafts() {
    for row in requests.indices where !requests[row].draft.isEmpty { requests[row].draft = [] }
  }
}

/// Memory of vLLM's `prefill_schedule_interval`.
struct PrefillInterval: Equatable, Sendable {
  /// Steps so far that scheduled something.
  var steps = 0
  /// `steps`, counted after it, of the last step that read a prompt; nil before the first.
  var lastPrefill: Int?
  var hasBacklog = false

  func holds(every interval: Int) -> Bool {
    interval > 1 && !hasBacklog && steps + 1 - (lastPrefill ?? -interval) < interval
  }
}

/// Which requests make up the present static batch.
struct StaticBatch: Equatable, Sendable {
  enum Phase: Equatable, Sendable { case forming, decoding }
  var phase = Phase.forming
  /// Requests below this number may join the batch that forms; nil before it is opened.
  var members: Int?
}
