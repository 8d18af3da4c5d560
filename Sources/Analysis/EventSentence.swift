import Core

/// An event or a mark as one line of the events panel.
///
/// ```
/// 18,197 preempt r1030 → recompute 1,812
/// 18,171 policy fcfs → chunked
/// ```
public enum EventSentence {
  public static func line(_ mark: Mark) -> String { mark.step.grouped + " " + sentence(mark) }

  public static func line(_ event: EngineEvent, step: StepIndex) -> String { step.grouped + " " + sentence(event) }

  public static func sentence(_ mark: Mark) -> String {
    let others = mark.count > 1 ? " and \((mark.count - 1).grouped) more" : ""
    return switch mark.kind {
    case .preempted(let request, let lost): "preempt \(request)\(others) → recompute \(lost.grouped)"
    case .rejected(let request, let reason): "reject \(request)\(others): \(reason.sentence)"
    case .evicted(let blocks): "evict \(blocks.grouped) cached blocks"
    case .missed(let miss):
      "\(miss.request)\(others) \(miss.quantity.rawValue) \(miss.value.legible), promised \(miss.promised.legible)"
    case .switched(let axis, let from?, let to): "\(axis) \(from) → \(to)"
    case .switched(let axis, nil, let to): "\(axis) → \(to)"
    case .told(let sentence): sentence
    case .found(let finding, let sentence): "\(finding): \(sentence)"
    }
  }

  public static func sentence(_ event: EngineEvent) -> String {
    switch event {
    case .arrived(let request): "arrive \(request)"
    case .rejected(let request, let reason): "reject \(request): \(reason.sentence)"
    case .admitted(let request, 0): "admit \(request)"
    case .admitted(let request, let reused): "admit \(request), \(Int(reused).grouped) tokens from the prefix cache"
    case .preempted(let request, _, 0): "preempt \(request)"
    case .preempted(let request, _, let lost): "preempt \(request) → recompute \(Int(lost).grouped)"
    case .computed(let request, let first, let count, let drafted, let accepted, let emitted):
      "compute \(request) \(Int(first).grouped)–\(Int(first + count - 1).grouped)"
        + (drafted > 0 ? ", \(accepted)/\(drafted) drafts stand" : "") + (emitted > 0 ? " → \(emitted)" : "")
    case .passed(let request, let first, let count, let from, let to):
      "pass \(request) \(Int(first).grouped)–\(Int(first + count - 1).grouped) from \(from) to \(to)"
    case .turnedBack(let request, let count, let depth):
      "turn \(request) back: \(Int(count).grouped) tokens begin again from \(depth)"
    case .finished(let request, let reason): "\(reason.verb) \(request)"
    case .swappedOut(let request, let blocks, let tokens):
      "swap \(request) out: \(Int(tokens).grouped) tokens kept, \(Int(blocks).grouped) blocks copied"
    case .swappedIn(let request, let blocks): "swap \(request) in: \(Int(blocks).grouped) blocks copied"
    case .compressed(let request, let kept, let dropped, let freed):
      "compress \(request) to \(Int(kept).grouped) tokens: \(Int(dropped).grouped) dropped, \(Int(freed).grouped) blocks free"
    case .switched(let axis, let to): "\(axis) → \(to)"
    case .settled(let axis, let settlement): "\(axis): \(settlement.sentence)"
    case .converted(let conversion): "convert \(conversion.sentence)"
    case .reloaded(let reload): "load \(reload.sentence)"
    case .routed(let request, let instance): "send \(request) to instance \(instance + 1)"
    case .departed(let request): "hand on \(request)"
    case .moved(let request, let move) where move.source == move.target: "keep \(request): its instance decodes now"
    case .moved(let request, let move):
      "move \(request) from \(move.source + 1) to \(move.target + 1): \(Int(move.blocks).grouped) blocks in \((move.end - move.start).legible)"
    }
  }
}

extension FinishReason {
  fileprivate var verb: String {
    switch self {
    case .outputLimit: "finish"
    case .contextLimit: "finish (context full)"
    case .endOfText: "finish (end of text)"
    case .aborted: "abort"
    }
  }
}
