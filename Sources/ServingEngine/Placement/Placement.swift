import Core
import Hardware
import KVMemory
import Scheduling

/// Where prompts and decodes run.
public enum PlacementCatalogue {
  public static let colocated = Descriptor(
    name: "colocated", summary: "one batch at a time on the whole device, prompts and decodes together",
    source: "Orca (Yu et al., OSDI 2022); vLLM")

  /// Placements that divide the SMs of a GPU. Adding one is a file and a line here.
  static let splits: [any SMSplit.Type] = [StaticSplit.self, ReactiveSplit.self, PredictiveSplit.self]

  public static let members: [Descriptor] =
    [colocated] + splits.map { $0.descriptor } + [NanoBatching.descriptor, Disaggregation.descriptor]

  static func split(_ choice: Choice) -> (any SMSplit)? {
    splits.first { $0.descriptor.name == choice.name }?.init(choice.values)
  }
}

extension Engine {
  var placement: Choice {
    membership?.disaggregation?.choice ?? split?.choice
      ?? (device.nanoBatches > 1 ? NanoBatching.choice(device.nanoBatches) : Choice(PlacementCatalogue.colocated, []))
  }

  /// Why requests cannot be placed so here; nil when they can.
  func obstacle(toPlacement choice: Choice) -> String? {
    guard membership?.disaggregation == Disaggregation(choice) else {
      return "a run keeps its GPUs — fork it"
    }
    if choice.name == PlacementCatalogue.colocated.name || membership?.isDisaggregated == true { return nil }
    if device.kvFormat != kvFormat { return "keys and values are brought into \(kvFormat.rawValue) in the next step — choose it after that" }
    if device.weights != weights { return "weights are loaded in \(weights.choice) in the next step — choose it after that" }
    if speculates { return "drafts are made after each batch, one batch at a time — choose --speculate none first" }
    if hasStages { return "each stage of \(device.name) has a batch of its own already — leave --pp out" }
    if planner.prefill.cutsLayers, PlacementCatalogue.split(choice) != nil {
      return "prompts go through the layers in parts with --prefill \(planner.prefill.choice) — choose chunked or whole first"
    }
    let isCut = NanoBatching.parts(choice) > 1
    guard isCut ? device.nanoBatched(NanoBatching.parts(choice)) != nil : device.sharesSMs else {
      return device.isModelled && device.modelledGPU?.isProfiled == true
        ? "the times of a profile are those of the whole GPU — leave --profile out"
        : "\(device.name) has no SMs to divide — choose a modelled GPU"
    }
    guard let split = PlacementCatalogue.split(choice) else { return nil }
    if device.language != nil, !planner.retention.keepsAll {
      return "batches side by side end in any order, and real keys and values are moved (--retain \(planner.retention.choice)) — choose --retain all first"
    }
    let outlook = state.scheduler.outlook
    if type(of: split).needsTargets, outlook.ttft == nil || outlook.tpot == nil {
      return "it adapts to targets — give --slo-ttft-ms and --slo-tpot-ms"
    }
    return nil
  }

  /// Why prompts cannot be cut so here; nil when they can.
  func obstacle(toPrefill shape: PrefillShape) -> String? {
    if shape == .interruptible, membership != nil {
      return "a router sends requests as they arrive, and a step under way cannot be told of them — leave it at chunked or whole"
    }
    if let obstacle = device.obstacle(to: shape) { return "\(obstacle) — leave it at chunked or whole" }
    guard shape.cutsLayers, runsOnLanes else { return nil }
    return hasStages
      ? "a stage of a pipeline has some of the layers only — leave it at chunked or whole"
      : "beside decodes a prompt goes through all layers at once — choose --placement colocated first"
  }
}
