import Hardware
import Scheduling

extension Engine {
  /// Why prompts cannot be cut like this here; nil when they can.
  func obstacle(to shape: PrefillShape) -> String? {
    guard shape.cutsLayers else { return nil }
    let wayOut = " — leave it at chunked or whole"
    if lanes != nil { return "of several batches in flight each goes through all layers" + wayOut }
    if !device.isModelled { return "\(device.name) takes a prompt through all of its layers at once" + wayOut }
    if shape == .interruptible, device.language != nil {
      return "\(device.name) computes real tokens, and is not stopped between operators" + wayOut
    }
    return nil
  }
}
