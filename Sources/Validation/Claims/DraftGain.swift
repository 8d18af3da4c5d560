import Core
import Hardware

/// What drafts bring in steps of requests that all decode at one context: time per token without them over time per token with.
struct DraftGain {
  /// Of a step without drafts.
  var plain: Double
  /// Of one pass of the drafter, without the host's time.
  var pass: Double
  /// Of a step that verifies so many for each.
  var verify: (Int) throws(ClaimFault) -> Double
  /// Of each draft, given that those before it stood.
  var acceptance: Double

  /// The best of 1 to `most` drafts.
  func best(upTo most: Int = 8) throws(ClaimFault) -> (gain: Double, drafts: Int) {
    var best = (gain: 0.0, drafts: 0)
    var (tokens, likelihood) = (1.0, 1.0)
    for drafts in 1...most {
      likelihood *= acceptance
      tokens += likelihood
      let gain = tokens * plain / (try verify(drafts) + Double(drafts) * pass)
      if gain > best.gain { best = (gain, drafts) }
    }
    return best
  }
}

extension Batch {
  /// `decodes` requests at a context, each with drafts to be verified.
  init(decodes: Int, context: Int, drafts: Int) {
    self.init(
      slots: (0..<decodes).map {
        Batch.Slot(
          request: RequestID($0), first: context - 1, count: 1 + drafts, drafts: drafts, promptCount: context - 1, outputs: 1, samples: true)
      })
  }
}
