import Core
import Hardware
import KVMemory
import Scheduling

/// How the engine goes from one choice to another with requests in flight: state moves, or it drains.
extension Engine {
  mutating func setPolicy(_ policy: any SchedulingPolicy) -> [Settlement] {
    planner.setPolicy(policy)
    state.scheduler.reorderQueue(policy: policy)
    return counted(state.scheduler.waiting.count) { .reordered(requests: $0) }
  }

  /// Prompts on their way through the layers go on in groups of layers or between interruptions, or all the way at once.
  mutating func setPrefill(_ shape: PrefillShape) -> [Settlement] {
    planner.prefill = shape
    let underWay = state.scheduler.underWay
    return counted(underWay) { shape.cutsLayers ? .drains(requests: $0) : .completes(requests: $0) }
  }

  /// Tokens on their way through the layers stay together, so those that are too many for a step begin again.
  mutating func setMaxBatchedTokens(_ tokens: Int) {
    planner.limits.maxBatchedTokens = tokens
    for (request, count, depth) in state.scheduler.turnBack(longerThan: tokens) {
      state.pendingEvents.append(.turnedBack(request, count: count, at: depth))
    }
  }

  mutating func setPrefixCache(_ choice: Choice) -> [Settlement] {
    prefixCache = choice.description
    state.scheduler.memory.setValueWeight(choice.name == "value" ? choice.values[0] : nil)
    return shareAsChosen()
  }

  mutating func setHostCache(_ cache: HostCache) -> [Settlement] {
    hostCache = cache
    return openHostAsChosen()
  }

  /// What running requests took from chunks stays as it is.
  mutating func setRecomputedShare(_ share: Int) -> [Settlement] {
    planner.recomputedShare = share
    return openHostAsChosen()
  }

  /// From paged memory, running requests keep their tables and grow block by block to their end. To paged memory,
  /// what is reserved and empty goes back at once.
  mutating func setReservation(_ reservation: any Reservation) -> [Settlement] {
    let wasReserved = !(planner.reservation is Paged)
    let isReserved = !(reservation is Paged)
    planner.reservation = reservation
    let shared = shareAsChosen()
    if wasReserved, !isReserved { return shared + counted(state.scheduler.unreserveAll()) { .returned(blocks: $0) } }
    return shared + counted(state.scheduler.running.count) { .drains(requests: $0) }
  }

  /// From swapping, requests whose keys and values are in host memory still come back from there.
  mutating func setPreemption(_ preemption: Preemption) -> [Settlement] {
    planner.preemption = preemption
    let draining = preemption == .recompute && state.memory.hasHost ? state.scheduler.parkedRequests : 0
    return counted(draining) { .drains(requests: $0) } + openHostAsChosen()
  }

  /// Host memory is there for preempted requests, for the prefix cache, or both.
  mutating func openHostAsChosen() -> [Settlement] {
    let blends = planner.recomputedShare < 100
    guard let hostLink, planner.preemption != .recompute || hostCache != .off || blends else {
      return counted(state.scheduler.memory.closeHost()) { .forgotten(blocks: $0) }
    }
    return counted(
      state.scheduler.memory.openHost(capacity: hostLink.capacity(for: hostCache), takesEvicted: hostCache != .off, keepsChunks: blends)
    ) { .forgotten(blocks: $0) }
  }

  /// What is under way ends as it was begun: a batch on the whole device before lanes take any, batches on lanes before the
  /// whole device takes one. From one division to another nothing is waited for.
  mutating func setPlacement(_ choice: Choice) -> [Settlement] {
    split = PlacementCatalogue.split(choice)
    let parts = NanoBatching.parts(choice)
    if parts != device.nanoBatches, let device = device.nanoBatched(parts) { self.device = device }
    if split == nil {
      if state.flights.isEmpty { lanes = device.stageLanes() }
      return counted(state.flights.count) { .lands(batches: $0) }
    }
    if lanes == nil { lanes = device.sharedLanes() }
    return counted(state.ahead == nil ? 0 : 1) { .lands(batches: $0) }
  }

  private mutating func shareAsChosen() -> [Settlement] {
    counted(state.scheduler.memory.setReusesPrefixes(prefixCache != "off" && planner.reservation is Paged)) {
      .forgotten(blocks: $0)
    }
  }

  private func counted(_ count: Int, _ settlement: (Int) -> Settlement) -> [Settlement] { count > 0 ? [settlement(count)] : [] }
}
