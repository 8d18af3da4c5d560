import Analysis
import Core
import Host
import Scheduling
import ServingEngine

/// What the last step did with a running request, and why not more, from the plan's own words.
enum WhyInStep {
  static func sentence(_ request: Request, _ run: Run) -> String? {
    guard let report = run.last else { return nil }
    let plan = report.plan
    let planner = run.engine.planner
    if let slot = plan.slots.first(where: { $0.request == request.id }) {
      let start = slot.entry == .admitted ? "admitted, " : slot.entry == .resumed ? "back, " : ""
      guard slot.isReading else { return start + "decoded" }
      let tokens = start + "read \(Int(slot.count).grouped) tok"
      if request.underWay > 0 { return tokens + ", down to \(request.depth)" }
      guard Int(slot.first + slot.count) < request.prompt.count else { return tokens }
      if case .chunked(let most) = planner.prefill, most == Int(slot.count) { return tokens + ", chunks of \(most.grouped)" }
      return tokens + (plan.tokens >= planner.limits.maxBatchedTokens ? ", cut by the token budget" : ", cut by the policy")
    }
    if let ahead = run.engine.state.ahead?.plan, ahead.slots.contains(where: { $0.request == request.id && $0.entry != .continued }) {
      return "joins in the next step"
    }
    if request.isEnding { return "its last token is in flight" }
    if plan.tokens >= planner.limits.maxBatchedTokens { return "left out: token budget spent" }
    if !request.isReading, report.record.prefillTokens > 0 { return "left out: prompts are read alone" }
    if request.isReading { return "left out: its prompt has no turn" }
    return "left out"
  }
}
