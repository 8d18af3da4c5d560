import Core
import Hardware
import KVMemory
import Scheduling
import Speculation

/// Guessing ahead: after each step, for the next one.
///
/// ```
/// plan ─▶ execute (verify) ─▶ absorb ─▶ draft ─▶ plan …
/// ```
///
/// The step's time includes its drafting, as in vLLM, where tokens come out when the drafts for the next step are made.
extension Engine {
  /// Where the draft model lies, and so when it drafts.
  public var draftOverlap: DraftOverlap { device.modelledGPU?.overlap ?? .off }

  var speculates: Bool { planner.limits.speculation.maxDrafts > 0 }

  /// The drafts that a plan is about to give places, by row, where the device reads them: the planner takes them out of the
  /// requests.
  func proposed() -> [[TokenID]] { speculates && device.language != nil ? state.scheduler.requests.map(\.draft) : [] }

  /// Makes drafts for all that the step sampled for and that go on.
  ///
  /// - Parameter isTold: They are in `outcome` already.
  mutating func draft(after step: DecidedStep, _ outcome: inout BatchOutcome, isTold: Bool) throws(DeviceError) {
    var wishes: [DraftTask.Wish] = []
    for (slot, result) in zip(step.plan.slots, outcome.slots) {
      let row = Int(slot.row)
      if !slot.draftsArePadding {
        drafting.controller.observe(
          slot.request, drafted: Int(slot.drafts), accepted: Int(result.accepted),
          reach: drafting.trees.removeValue(forKey: slot.request).map { tree in
            var tree = tree
            tree.cut(to: Int(slot.drafts))
            return tree.levels.count
          })
      }
      guard !isTold, result.emitted > 0, state.scheduler.isAlive(slot.request, row: row),
        state.scheduler.requests[row].phase == .running, !state.scheduler.requests[row].isReading
      else { continue }
      wishes.append(
        DraftTask.Wish(
          request: state.scheduler.requests[row], limit: drafting.controller.limit(of: slot.request),
          table: state.scheduler.memory.tables[row].blocks, dropped: Int(state.scheduler.memory.tables[row].dropped)))
    }
    if !isTold {
      var task = DraftTask(
        means: drafting.drafter.means, isTree: drafting.drafter.isTree, batch: step.batch, wishes: wishes,
        running: state.scheduler.running.map { state.scheduler.requests[Int($0)].id })
      if device.modelledGPU?.overlap ?? .off != .off {
        task.accepted = outcome.slots.map { Int($0.accepted) }
        task.verifying = outcome.duration
      }
      var made = try device.draft(task) ?? fromText(wishes)
      drafting.controller.select(&made.drafts)
      outcome.drafts = made.drafts
      // Beside the step only what it does not cover is waited for, and what that costs another chip is not the step's.
      outcome.drafting = made.isBeside ? max(.zero, made.duration - outcome.duration) : made.duration
      if made.isBeside {
        if made.duration > .zero { outcome.cost.energy = nil }
      } else {
        outcome.cost = outcome.cost.followed(by: made.cost, after: outcome.duration, lasting: made.duration)
      }
      outcome.duration += outcome.drafting
    }
    guard !outcome.drafts.isEmpty else { return }
    var next = 0
    for slot in step.plan.slots where next < outcome.drafts.count && outcome.drafts[next].request == slot.request {
      if state.scheduler.isAlive(slot.request, row: Int(slot.row)) {
        state.scheduler.setDraft(outcome.drafts[next].tokens, row: Int(slot.row))
        if let tree = outcome.drafts[next].tree { drafting.trees[slot.request] = tree }
      }
      next += 1
    }
  }

  private mutating func fromText(_ wishes: [DraftTask.Wish]) -> DraftOutcome {
    var drafts: [Draft] = []
    var drafter = drafting.drafter
    let duration = device.timed {
      for wish in wishes {
        let draft = drafter.draft(after: wish.request, limit: wish.limit)
        if !draft.tokens.isEmpty { drafts.append(draft) }
      }
    }
    drafting.drafter = drafter
    // No kernel ran meanwhile.
    var cost = StepCost()
    (cost.smBusy, cost.tailIdle, cost.tensorBusy, cost.bandwidthBusy) = (0, 0, 0, 0)
    return DraftOutcome(drafts: drafts, duration: duration, cost: cost)
  }
}

/// How the engine guesses ahead.
struct Drafting: Sendable {
  var drafter: any Drafter = NoSpeculation()
  /// As it was chosen.
  var choice = Choice(NoSpeculation.descriptor, [])
  var controller = DraftController(.standard)
  /// Of requests whose drafts branch, how. Looked up by who has drafts, never walked.
  var trees: [RequestID: TokenTree] = [:]
}

extension Engine {
  /// Why this engine cannot speculate so; nil when it can.
  func fault(ofSpeculating choice: Choice, _ length: DraftLength) -> String? {
    guard choice.name != NoSpeculation.descriptor.name, let drafter = DrafterCatalogue.drafter(choice) else { return nil }
    if planner.prefill.cutsLayers { return "prompts go through the layers in parts (--prefill \(planner.prefill.choice)) — choose chunked or whole first" }
    if lanes != nil || split != nil || device.nanoBatches > 1 {
      return "several batches are in flight at once — choose --placement colocated and one stage (no --pp) first"
    }
    if attention.obstacle(on: device, speculates: true) != nil {
      return "with --attention \(attention.choice) each draft would choose keys of its own — choose --attention dense first"
    }
    if let fault = device.fault(of: drafter.means) { return fault }
    if let fault = (device as? ModelledGPU)?.fault(ofOverlapping: draftOverlap, drafter.means, isTree: drafter.isTree) { return fault }
    let isFixed = length == .fixed(length.most)
    if device.language == nil, let fault = device.modelledGPU?.acceptance?.fault(ofTrees: drafter.isTree, most: length.most, isFixed: isFixed) {
      return fault
    }
    guard let most = device.mostDrafts, length.most > most else { return nil }
    return "up to \(length.most) tokens are drafted, and --acceptance knows \(most) position\(most == 1 ? "" : "s") — give more of them, or --draft-tokens \(most)"
  }

  /// As a configuration has it, before the first step.
  mutating func begin(speculating name: String, _ length: String) throws(ConfigurationError) {
    do {
      let choice = try AxisCatalogue.speculate.choice(name)
      guard let length = DraftLength(try AxisCatalogue.draftTokens.choice(length)) else { return }
      if let fault = fault(ofSpeculating: choice, length) { throw ConfigurationError("--speculate \(name): \(fault)") }
      _ = setSpeculation(choice, length)
    } catch let error as ChoiceFault {
      throw ConfigurationError(error.description)
    } catch let error as ConfigurationError {
      throw error
    } catch {
      fatalError("\(error)")
    }
  }

  /// From now on; drafts that wait are forgotten.
  mutating func setSpeculation(_ choice: Choice, _ length: DraftLength) -> [Settlement] {
    guard let drafter = DrafterCatalogue.drafter(choice) else { return [] }
    if choice != drafting.choice { drafting.drafter = drafter }
    drafting.choice = choice
    if length != drafting.controller.length { drafting.controller = DraftController(length) }
    let isOn = choice.name != NoSpeculation.descriptor.name
    var limits = SpeculationLimits()
    limits.maxDrafts = isOn ? length.most : 0
    // What drafters that compute need, as vLLM derives it: places for their keys and values; a row of input for the token
    // that the smaller model reads besides.
    if isOn, drafter.means != .text { limits.lookahead = length.most }
    if isOn, drafter.means == .smallModel { limits.draftSlots = 1 }
    planner.limits.speculation = limits
    state.scheduler.forgetDrafts()
    drafting.trees = [:]
    guard isOn, plansAhead else { return [] }
    plansAhead = false
    state.pendingEvents.append(.switched(axis: "async-scheduling", to: "off"))
    return [.synchronous]
  }
}

extension Engine {
  /// The drafter reads a request that comes from another instance.
  mutating func observe(row: Int) {
    if speculates { drafting.drafter.observe(state.scheduler.requests[row], from: 0) }
  }
}
