import Core
import Hardware
import KVMemory
import Scheduling
import Speculation

/// What a format leaves of a modelled GPU's memory: the bytes are the same, blocks take more or less of them.
struct KVBudget: Sendable {
  /// For blocks, and for the windows of formats that keep any.
  var bytes: Int
  let cost: @Sendable (KVFormat) -> Cost
  var notes: Notes

  /// What a form of attention keeps beside each block, in 16 bits a number.
  struct Notes: Sendable {
    /// Of the keys of one token, on one GPU.
    var keyNumbers: Int
    var headWidth: Int
    var tokensPerBlock: Int

    func bytes(_ sparse: SparseAttention?) -> Int {
      2 * (sparse?.notesPerBlock(keyNumbers: keyNumbers, headWidth: headWidth, tokensPerBlock: tokensPerBlock) ?? 0)
    }
  }

  struct Cost: Sendable {
    /// Of a block, of one in host memory, and of all windows.
    var block, hostBlock, windows: Int
  }

  /// - Parameter blocks: What the pool has in `format`.
  init(
    blocks: Int, in format: KVFormat, beside sparse: SparseAttention?, notes: Notes, cost: @escaping @Sendable (KVFormat) -> Cost
  ) {
    self.notes = notes
    self.cost = cost
    bytes = blocks * (cost(format).block + notes.bytes(sparse)) + cost(format).windows
  }

  /// Blocks in a format, with what attention keeps beside them, the reserved one included.
  func blocks(_ format: KVFormat, beside sparse: SparseAttention?) -> Int {
    let cost = cost(format)
    return max(0, bytes - cost.windows) / max(1, cost.block + notes.bytes(sparse))
  }
}

/// From one format of keys and values to another, with requests in flight.
extension Engine {
  /// Why this engine cannot keep keys and values in a format now; nil when it can.
  func obstacle(toKVFormat format: KVFormat) -> String? {
    if format == kvFormat { return nil }
    if let obstacle = obstacle(ofFoldsTo: format) { return obstacle }
    if membership != nil { return "several engines serve, and what is in one's memory may not fit while another's does — fork the run" }
    if let obstacle = device.obstacle(toKVFormat: format, tokensPerBlock: state.memory.tokensPerBlock) { return obstacle }
    if speculates, device.isModelled, drafting.drafter.means == .ownCache {
      return "drafts read the upper half of eight bits — choose another --speculate first"
    }
    if lanes != nil || !state.flights.isEmpty || device.nanoBatches > 1 {
      return hasStages
        ? "batches are under way in every stage — begin with it, or fork the run"
        : "parts of batches run side by side — choose --placement colocated first, and let the batches under way end"
    }
    guard let kvBudget else { return nil }
    if state.scheduler.parkedRequests > 0 {
      return "\(state.scheduler.parkedRequests) requests have keys and values in host memory as they were — wait until they are back"
    }
    return obstacle(toBlocks: kvBudget.blocks(format, beside: sparse))
  }

  /// Why the pool cannot have so many blocks now; nil when it can.
  func obstacle(toBlocks blocks: Int) -> String? {
    guard !(planner.reservation is Paged) else { return obstacle(toPool: blocks) }
    return blocks < state.memory.pool.blockCount ? "reserved memory lies in one piece, and the pool would be smaller — choose --reservation paged first" : nil
  }

  private func obstacle(toPool blocks: Int) -> String? {
    if blocks < 2 { return "the pool would have no block" }
    if let obstacle = state.memory.obstacle(toBlockCount: blocks) { return obstacle }
    for row in state.scheduler.liveRows {
      let request = state.scheduler.requests[row]
      let most = state.memory.blocks(for: min(request.prompt.count + request.outputLimit + planner.limits.speculation.maxDrafts + planner.limits.speculation.lookahead, planner.limits.maxModelLength))
      if most > blocks - 1 { return "\(request.id) may need \(most) blocks, and the pool would have \(blocks - 1) — wait until it has finished" }
    }
    return nil
  }

  /// The pool has its new size at once; what is in it is converted at the beginning of the next step.
  mutating func setKVFormat(_ format: KVFormat) -> [Settlement] {
    kvFormat = format
    guard let kvBudget else { return [] }
    var settlements = resizePool(to: kvBudget.blocks(format, beside: sparse))
    if var link = hostLink {
      // Contents in host memory are as they were, and of no use.
      let contents = state.scheduler.memory.dropHostContents()
      if contents > 0 { settlements.append(.forgotten(blocks: contents)) }
      link.bytesPerBlock = kvBudget.cost(format).hostBlock
      hostLink = link
      settlements += openHostAsChosen()
    }
    return settlements
  }

  mutating func resizePool(to blocks: Int) -> [Settlement] {
    let before = state.memory.pool.blockCount
    let forgotten = state.scheduler.memory.resize(to: blocks)
    return blocks == before ? [] : [.resized(blocks: blocks, from: before, forgotten: forgotten)]
  }

  /// Converts what is in memory, once after formats were switched.
  mutating func convertAsChosen(_ told: BatchOutcome?) throws(DeviceError) -> KVConversion? {
    guard device.kvFormat != kvFormat else { return nil }
    let memory = state.scheduler.memory
    var filling: [BlockID] = []
    for row in state.scheduler.running {
      let table = memory.tables[Int(row)]
      filling += table.blocks.dropFirst((inMemory(row) - Int(table.dropped)) / memory.tokensPerBlock)
    }
    let conversion = try device.convert(
      to: kvFormat, held: memory.pool.usedCount + memory.cachedFreeCount, tokensPerBlock: memory.tokensPerBlock, filling: filling.sorted())
    if let told { return told.conversion }
    return conversion
  }
}
