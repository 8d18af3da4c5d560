public import Core

/// Other weights in a GPU that serves.
extension ModelledGPU {
  public var weights: WeightFormat { model.stored }

  public func obstacle(toWeights format: WeightFormat) -> String? {
    if isProfiled, format != weights { return "--profile has times of the weights as they were measured — begin without one" }
    do throws(DeviceError) {
      _ = try model.storing(format, on: accelerator)
      return nil
    } catch {
      if case .failed(let sentence) = error.problem { return sentence }
      return error.description
    }
  }

  /// Of each rank; of a smaller model that drafts nothing.
  public func weightBytes(in format: WeightFormat) -> Int? { (try? model.storing(format, on: accelerator))?.weightBytes(ranks: tensorParallel) }

  /// The projections' weights come over the host link, each rank's over its own: a GPU has no room for two copies, and what was
  /// rounded does not come back. Host memory is taken to hold them in every format, so nobody rounds anything meanwhile, and
  /// nothing is computed until all are there.
  public mutating func reload(_ format: WeightFormat) throws(DeviceError) -> WeightReload {
    let from = weights
    let card = try model.storing(format, on: accelerator)
    var fresh = try ModelledGPU(
      accelerator: accelerator, model: card, tensorParallel: tensorParallel, hostTime: hostTime, hostTimePerSequence: hostTimePerSequence,
      linkBandwidth: linkBandwidth
    ).speculating(draftModel: draftModel?.model, acceptance: acceptance)
    (fresh.overlap, fresh.hostWork) = (overlap, hostWork)
    self = fresh
    let bytes = card.projectionBytes(ranks: tensorParallel)
    let link = MemoryTier.host(of: accelerator)
    return WeightReload(
      from: from.choice.description, to: format.choice.description, bytes: bytes, blocks: 0,
      duration: .seconds(link.seconds(toMove: bytes, sharing: min(8, tensorParallel))), way: .host)
  }
}
