import Core
import Hardware
import Scheduling

/// Where prompts and decodes run.
public enum PlacementCatalogue {
  public static let colocated = Descriptor(
    name: "colocated", summary: "one batch at a time on the whole device, prompts and decodes together",
    source: "Orca (Yu et al., OSDI 2022); vLLM")

  public static let members: [Descriptor] = [colocated, NanoBatching.descriptor]
}

extension Engine {
  /// Why requests cannot be placed so here; nil when they can.
  func obstacle(toPlacement choice: Choice) -> String? {
    if choice.name == NanoBatching.descriptor.name { return NanoBatching.obstacle(device) }
    return nil
  }

  var placement: Choice {
    device.nanoBatches > 1 ? NanoBatching.choice(device.nanoBatches) : Choice(PlacementCatalogue.colocated, [])
  }

  mutating func setPlacement(_ choice: Choice) -> [Settlement] {
    let nano = choice.name == NanoBatching.descriptor.name ? choice.values[0] : 1
    if nano != device.nanoBatches, let device = device.nanoBatched(nano) { self.device = device }
    return []
  }
}
