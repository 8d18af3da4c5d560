import Core
import KVMemory
import Scheduling
import Testing

/// Everything in the catalogue keeps the planner's promises, without being named here.
@Suite("Policy conformance")
struct PolicyConformanceTests {
  static let names = PolicyCatalogue.members.map { $0.descriptor.name }

  @Test("names are unique, lower case, and found again; every policy says what it does and where it comes from")
  func descriptors() {
    #expect(Set(Self.names).count == Self.names.count)
    for member in PolicyCatalogue.members {
      let descriptor = member.descriptor
      #expect(descriptor.name.allSatisfy { $0.isLowercase || $0 == "-" })
      #expect(!descriptor.summary.isEmpty && !descriptor.summary.hasSuffix(".") && !descriptor.source.isEmpty)
      #expect(PolicyCatalogue.member(named: descriptor.name)?.descriptor == descriptor)
    }
    #expect(PolicyCatalogue.member(named: "nobody") == nil)
  }

  /// Each member of the axis, with small numbers, in turn.
  static func shape(_ seed: Int, _ random: inout SplitMix) throws -> PrefillShape {
    let member = PrefillShape.members[seed % PrefillShape.members.count]
    return try #require(PrefillShape(Choice(member, member.parameters.map { _ in random.below(6) })))
  }

  @Test("limits hold and everyone is served, whatever the policy and however prompts are cut", arguments: names, 0..<8)
  func limits(name: String, seed: Int) throws {
    let policy = try #require(PolicyCatalogue.member(named: name)).init()
    var random = SplitMix(seed: UInt64(seed), purpose: "policy conformance")
    var limits = Limits()
    limits.maxBatchedTokens = 4 + random.below(60)
    limits.maxSequences = 1 + random.below(6)
    limits.maxModelLength = 400
    let batching = Batching.allCases[random.below(2)]
    var planner = Planner(limits: limits, batching: batching, policy: policy)
    planner.prefill = try Self.shape(seed, &random)
    planner.layers = 1 + random.below(6)
    var state = SchedulerState(
      memory: KVCache(blockCount: 20 + random.below(30), tokensPerBlock: 8, reusesPrefixes: random.below(2) == 0))
    var arrived = 0
    var alive = 0
    let total = 25
    for step in 0..<4_000 {
      while arrived < total, random.below(3) == 0 || alive == 0 {
        let runs = [TokenRun(.shared(UInt64(random.below(2))), count: 1 + random.below(30)), TokenRun(.own(arrived), count: 1 + random.below(60))]
        state.enqueue(
          Arrival(
            time: .milliseconds(step), prompt: Prompt(runs), outputLimit: 1 + random.below(40), priority: random.below(3)),
          id: RequestID(arrived), policy: policy)
        arrived += 1
        alive += 1
      }
      guard alive > 0 else { break }
      let place: Comment = "\(name), \(planner.prefill.choice), seed \(seed), step \(step)"

      var preview = state
      let foreseen = planner.plan(step: step, &preview)
      let plan = planner.plan(step: step, &state)
      #expect(foreseen == plan, "planning is a function of the state: \(place)")
      let isGiant = plan.slots.count == 1 && policy.composition == .promptsAlone
      #expect(plan.tokens <= limits.maxBatchedTokens || isGiant, place)
      #expect(plan.tokens == plan.slots.reduce(0) { $0 + Int($1.count) }, place)
      #expect(state.running.count <= limits.maxSequences, place)
      #expect(Set(plan.slots.map(\.request)).count == plan.slots.count, place)
      #expect(!plan.slots.isEmpty || !plan.preempted.isEmpty, "somebody lives, nothing happens: \(place)")

      var leaving: [Int32] = []
      let tokens: [TokenID] = [TokenID(step)]
      if plan.isInterruptible {
        // All came equally far: to the end, or to a depth that none had passed.
        let depth = Depth(layers: random.below(planner.layers), operators: random.below(4))
        let stopped = random.below(2) == 0 && plan.slots.allSatisfy { $0.from < depth } ? depth : .end
        for slot in plan.slots { state.pass(slot, to: stopped) }
      }
      let filled = state.running.reduce(0) { $0 + state.requests[Int($1)].computed }
      #expect(filled == state.filledSlots, place)
      #expect(state.underWay == state.running.count { state.requests[Int($0)].underWay > 0 }, place)
      for slot in plan.slots where !state.requests[Int(slot.row)].isReading {
        let result = state.absorb(row: Int(slot.row), rejected: 0, tokens: tokens.span, longest: limits.maxModelLength)
        if result.finish != nil {
          state.retire(row: Int(slot.row))
          leaving.append(slot.row)
          alive -= 1
        }
      }
      state.leaveBatch(leaving)
      if let sentence = KVCache.invariants.firstViolation(of: state.memory) {
        Issue.record("\(place): \(sentence)")
        return
      }
    }
    #expect(arrived == total && alive == 0, "\(name), seed \(seed): \(alive) of \(arrived) were never served")
    #expect(state.memory.pool.usedCount == 0)
  }
}
