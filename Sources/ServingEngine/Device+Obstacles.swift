import Hardware
import Scheduling

/// What a device cannot do, so that an axis can say so.
extension Device {
  /// Why keys and values of a chunk that stands elsewhere cannot be used here; nil when they can.
  func obstacleToChunks(hasHost: Bool) -> String? {
    if language != nil { return "\(name) computes real keys and values, and those of a chunk belong to what came before it" }
    return hasHost ? nil : "\(name) has no host memory behind it"
  }

  /// Why prompts cannot be cut like this here; nil when they can.
  func obstacle(to shape: PrefillShape) -> String? {
    guard shape.cutsLayers else { return nil }
    if !isModelled { return "\(name) takes a prompt through all of its layers at once" }
    if shape == .interruptible, language != nil { return "\(name) computes real tokens, and is not stopped between operators" }
    return nil
  }
}
