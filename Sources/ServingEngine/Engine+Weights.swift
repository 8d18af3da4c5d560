import Core
import Hardware
import KVMemory

/// From one format of weights to another, with requests in flight.
extension Engine {
  /// Only a run that begins with them can have other weights: batches overlap, or several engines serve.
  var keepsWeights: Bool { membership != nil || lanes != nil || hasStages || !state.flights.isEmpty || device.nanoBatches > 1 }

  /// Why this engine cannot have its weights in a format now; nil when it can.
  func obstacle(toWeights format: WeightFormat) -> String? {
    if format == weights { return nil }
    if let obstacle = device.obstacle(toWeights: format) { return obstacle }
    if membership != nil { return "several engines serve, and one's pool may not hold what is in use — fork the run" }
    if hasStages { return "batches are under way in every stage — begin with it, or fork the run" }
    if keepsWeights { return "parts of batches run side by side — choose --placement colocated first and let the batches under way end, or fork the run" }
    guard let blocks = budget(with: format)?.blocks(kvFormat, beside: sparse) else { return nil }
    return obstacle(toBlocks: blocks)
  }

  /// What is left for blocks beside the weights in a format; nil where the pool does not depend on it.
  private func budget(with format: WeightFormat) -> KVBudget? {
    guard var budget = kvBudget, let before = device.weightBytes(in: weights), let after = device.weightBytes(in: format) else { return nil }
    budget.bytes += before - after
    return budget
  }

  /// The pool has its new size at once; weights are loaded at the beginning of the next step.
  mutating func setWeights(_ format: WeightFormat) -> [Settlement] {
    let budget = budget(with: format)
    weights = format
    guard let budget else { return [] }
    kvBudget = budget
    return resizePool(to: budget.blocks(kvFormat, beside: sparse))
  }

  /// Loads weights, once after formats were switched.
  mutating func reloadAsChosen(_ told: BatchOutcome?) throws(DeviceError) -> WeightReload? {
    guard device.weights != weights else { return nil }
    var reload = try device.reload(weights)
    if let told { return told.reload }
    reload.blocks = state.memory.pool.usedCount + state.memory.cachedFreeCount
    return reload
  }
}
