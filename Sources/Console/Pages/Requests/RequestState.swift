import Analysis
import Core
import Screen

/// What a request is doing, in one word.
enum RequestState: String, CaseIterable {
  case queued, prefill, moving, decode, preempted, stalled, finished, aborted, rejected

  /// O(changes of its phase).
  init(of request: RequestID, in observatory: Observatory) {
    switch observatory.requests[request.index].outcome {
    case .waiting: self = observatory.requests[request.index].preemptions > 0 ? .preempted : .queued
    case .running:
      switch observatory.stories.story(of: request)?.intervals.last?.phase {
      case .decode: self = .decode
      case .stalled: self = .stalled
      case .moving: self = .moving
      default: self = .prefill
      }
    case .finished(.aborted): self = .aborted
    case .finished: self = .finished
    case .rejected: self = .rejected
    }
  }

  var style: Style {
    switch self {
    case .queued: Style(.phaseQueued)
    case .prefill: Style(.phasePrefill)
    case .decode: Style(.phaseDecode)
    case .preempted: Style(.phasePreempted)
    case .stalled, .moving: Style(.phaseSwapped)
    case .finished: Style(.phaseDone)
    case .aborted, .rejected: Style(.phaseFailed)
    }
  }
}
