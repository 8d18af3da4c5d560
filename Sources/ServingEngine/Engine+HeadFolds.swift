import Core
import Hardware
import KVMemory
import Scheduling

/// Requests whose heads keep different tokens.
extension Engine {
  func folded(_ plan: StepPlan) -> [Retaining.Folded] {
    plan.slots.compactMap { slot in
      state.scheduler.memory.tables[Int(slot.row)].fold.map { Retaining.Folded(request: slot.request, fold: $0) }
    }.sorted { $0.request < $1.request }
  }

  private var hasFolds: Bool { state.scheduler.liveRows.contains { state.scheduler.memory.tables[$0].fold != nil } }

  /// Why heads cannot keep different tokens here; nil when they can.
  func obstacle(toFolding retention: any Retention) -> String? {
    guard retention is RetrievalHeads else { return nil }
    if let model = device.modelledGPU?.model, model.latent != nil {
      return "attention of \(model.name) is latent: all heads read one vector a token — choose another policy"
    }
    if attention.sparse(tokensPerBlock: 1)?.isOfDecodes == true {
      return "heads with different tokens are read whole, and --attention \(attention.choice) leaves some out — choose --attention dense first"
    }
    return kvFormat == .bfp8 && device.language != nil ? Self.orderedChannels : nil
  }

  private static let orderedChannels =
    "bfp8 sorts the channels of each head, and keys of retrieval heads take other heads' places — choose another format"

  /// Why attention cannot leave keys out; nil when it can.
  func obstacle(ofFoldsTo form: AttentionForm) -> String? {
    guard form.sparse(tokensPerBlock: 1)?.isOfDecodes == true, planner.retention is RetrievalHeads || hasFolds else { return nil }
    return "heads keep different tokens (--retain heads), and those are read whole — choose --retain all, and let the requests finish"
  }

  /// Why keys and values cannot be kept in a format; nil when they can.
  func obstacle(ofFoldsTo format: KVFormat) -> String? {
    guard format == .bfp8, device.language != nil, planner.retention is RetrievalHeads || hasFolds else { return nil }
    return Self.orderedChannels
  }
}
