import Core
import KVMemory

/// Prompts on their way through the layers.
extension Pass {
  /// Tokens that are on their way go on before anything else: their blocks are there, and the step in which they began left
  /// room for the decodes. A prompt that began longer than the budget goes on as long.
  ///
  /// - Parameter depth: Only who stands there; nil: all.
  mutating func goOn(from depth: Depth? = nil, _ state: inout SchedulerState) {
    guard state.underWay > 0 else { return }
    for number in state.running {
      let row = Int(number)
      let count = state.requests[row].underWay
      guard count > 0, depth == nil || state.requests[row].depth == depth, fitsWhole(Int(count)) else { continue }
      var slot = StepPlan.Slot(
        row: number, request: state.requests[row].id, entry: .continued, isReading: true,
        first: Int32(state.requests[row].computed), count: count, drafts: 0, draftsArePadding: false,
        blocksStart: Int32(plan.blocks.count), hitBlocks: 0, newBlocks: 0)
      slot.from = state.requests[row].depth
      servedReading = true
      take(slot, &state)
    }
  }

  /// Ends each prompt's part of the model where its group of layers ends.
  mutating func cutLayers(into groups: Int) {
    let tokens = plan.slots.reduce(0) { $0 + ($1.isReading ? Int($1.count) : 0) }
    guard tokens > 0 else { return }
    let parts = min(layers, groups > 0 ? groups : (tokens + Self.tokensPerGroup - 1) / Self.tokensPerGroup)
    for index in plan.slots.indices where plan.slots[index].isReading {
      let from = plan.slots[index].from
      let bound = (1..<max(1, parts)).first { Depth(layers: layers * $0 / parts) > from }
      plan.slots[index].to = bound.map { Depth(layers: layers * $0 / parts) } ?? .end
    }
  }

  /// A step's work is then that of a chunk of so many tokens (Lee et al., arXiv 2510.08055).
  static var tokensPerGroup: Int { 512 }

  /// A step of prompts alone that may be interrupted: of those in the queue that come before every prompt that was begun,
  /// or else of the first of these and who stands where it stands.
  mutating func readInterruptibly(_ state: inout SchedulerState) {
    var first: (row: Int, urgency: Urgency)?
    for number in state.running where state.requests[Int(number)].isReading {
      let urgency = urgency(of: Int(number), state)
      if first.map({ urgency < $0.urgency }) ?? true { first = (Int(number), urgency) }
    }
    mostUrgency = first?.urgency
    admit(&state)
    mostUrgency = nil
    if plan.slots.isEmpty, plan.preempted.isEmpty, let row = first?.row {
      if state.requests[row].underWay > 0 {
        goOn(from: state.requests[row].depth, &state)
      } else {
        serveRunning(.reading, &state)
      }
    }
    plan.isInterruptible = !plan.slots.isEmpty
  }

  func urgency(of row: Int, _ state: SchedulerState) -> Urgency {
    Urgency(of: state.requests[row], policy, overdue: policy.overdue(state), state.outlook)
  }
}

/// Who may interrupt whom: the lower rank, but nobody who is overdue any more.
public struct Urgency: Comparable, Sendable {
  public var isOverdue: Bool
  public var rank: Int

  /// - Parameter overdue: Ranks below it are; nil: none.
  public init(of request: Request, _ policy: any SchedulingPolicy, overdue: Int?, _ outlook: Outlook) {
    rank = policy.rank(request, outlook)
    isOverdue = overdue.map { [rank] in rank < $0 } ?? false
  }

  public static func < (left: Urgency, right: Urgency) -> Bool {
    left.isOverdue == right.isOverdue ? left.rank < right.rank : right.isOverdue
  }
}
