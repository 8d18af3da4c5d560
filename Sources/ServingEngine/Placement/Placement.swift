import Core
import Hardware
import Scheduling

/// Where prompts and decodes run.
public enum PlacementCatalogue {
  public static let colocated = Descriptor(
    name: "colocated", summary: "one batch at a time on the whole device, prompts and decodes together",
    source: "Orca (Yu et al., OSDI 2022); vLLM")

  /// Placements that divide the SMs of a GPU. Adding one is a file and a line here.
  static let splits: [any SMSplit.Type] = [StaticSplit.self, ReactiveSplit.self, PredictiveSplit.self]

  public static let members: [Descriptor] = [colocated] + splits.map { $0.descriptor } + [NanoBatching.descriptor]

  static func split(_ choice: Choice) -> (any SMSplit)? {
    splits.first { $0.descriptor.name == choice.name }?.init(choice.values)
  }
}

extension Engine {
  /// Why requests cannot be placed so here; nil when they can.
  func obstacle(toPlacement choice: Choice) -> String? {
    if speculates, choice.name != PlacementCatalogue.colocated.name {
      return "drafts are made after each batch, one batch at a time — choose --speculate none first"
    }
    if choice.name == NanoBatching.descriptor.name {
      return hasStages ? "\(device.name) has a batch on each stage already — leave --pp out" : NanoBatching.obstacle(device)
    }
    guard let split = PlacementCatalogue.split(choice) else { return nil }
    if planner.prefill.cutsLayers {
      return "prompts go through the layers in parts, one batch at a time — leave --prefill at chunked or whole"
    }
    if hasStages { return "each stage of \(device.name) has a batch of its own already — leave --pp out" }
    guard device.sharesSMs else {
      return device.isModelled && device.modelledGPU?.isProfiled == true
        ? "the times of a profile are those of the whole GPU — leave --profile out"
        : "\(device.name) has no SMs to divide — choose a modelled GPU"
    }
    let outlook = state.scheduler.outlook
    if type(of: split).needsTargets, outlook.ttft == nil || outlook.tpot == nil {
      return "it adapts to targets — give --slo-ttft-ms and --slo-tpot-ms"
    }
    return nil
  }

  var placement: Choice {
    if let split { return split.choice }
    return device.nanoBatches > 1 ? NanoBatching.choice(device.nanoBatches) : Choice(PlacementCatalogue.colocated, [])
  }
}
