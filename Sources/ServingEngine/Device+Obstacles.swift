import Hardware
import Scheduling

/// What a device cannot do, so that an axis can say so.
extension Device {
  /// Why prompts cannot be cut like this here; nil when they can.
  func obstacle(to shape: PrefillShape) -> String? {
    guard shape.cutsLayers else { return nil }
    if !isModelled { return "\(name) takes a prompt through all of its layers at once" }
    if shape == .interruptible, language != nil { return "\(name) computes real tokens, and is not stopped between operators" }
    return nil
  }
}
