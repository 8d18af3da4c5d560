import Analysis
import Core
import Host
import KVMemory
import Scheduling
import ServingEngine

/// Why the head of the queue was not admitted in the last step, from the plan's own words.
enum WhyNotNow {
  /// For the request that is served next.
  static func ofHead(_ run: Run) -> String {
    guard let plan = run.engine.state.ahead?.plan ?? run.last?.plan else { return "decided in the first step" }
    let limits = run.engine.planner.limits
    // The queue was ordered anew after the step: its reason was another request's.
    if let policy = run.observatory.choices["policy"], policy != run.engine.planner.policy.choice.description {
      return "policy was switched: next step"
    }
    return sentence(plan.admissionEnd, tokens: plan.tokens, running: plan.running, limits)
  }

  /// For who waits behind a head that memory keeps out: whether it would fit itself.
  static func ofMemory(_ request: Request, row: Int, _ run: Run) -> String {
    guard let plan = run.engine.state.ahead?.plan ?? run.last?.plan else { return "" }
    switch plan.admissionEnd {
    case .memory, .scattered, .peak: break
    default: return ""
    }
    let memory = run.engine.state.memory
    let match = memory.match(row, limit: (request.known - 1) / memory.tokensPerBlock)
    let short = memory.need(of: row, slots: request.known, match: match) - memory.pool.freeCount
    return short > 0 ? ", short \(short.grouped) too" : ", would fit"
  }

  static func sentence(_ end: StepPlan.AdmissionEnd, tokens: Int, running: Int, _ limits: Limits) -> String {
    switch end {
    case .queueEmpty: "came after the step was planned"
    case .tokenBudget: "token budget: \(max(0, limits.maxBatchedTokens - tokens).grouped) left"
    case .sequences: "batch full: \(running.grouped) requests"
    case .wholePrompt(let tokens, let left): "whole prompt: \(tokens.grouped) > \(left.grouped)"
    case .memory(let needed, let free): "memory: short \((needed - free).grouped) blocks"
    case .scattered(let needed, let longest, _): "\(needed.grouped) in a row: longest \(longest.grouped)"
    case .peak(let expected, let pool): "would need \(expected.grouped) of \(pool.grouped)"
    case .notTheirTurn: "not its turn yet"
    case .promptTokens: "prompts have had their share"
    case .preemption: "preemption this step"
    case .heldBack: "prompts held back this step"
    case .layersTaken: "a prompt is on its way through the layers"
    case .batchClosed: "static batch is closed"
    case .decodesAlone: "decodes alone this step"
    }
  }
}
