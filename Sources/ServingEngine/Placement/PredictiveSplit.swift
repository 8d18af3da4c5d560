import Core
import Hardware

/// SMs are divided before each batch of prompts, by what the cost model foretells for every division: decodes get as few as
/// keep their step within a slack of what it takes alone, prompts the rest.
///
/// When KV memory is nearly full, requests must end before others can begin: then prompts get as few as keep their batch
/// within the slack for prompts, decodes the rest. A phase that is alone has all SMs.
///
/// - Source: Nexus (Shi et al., arXiv 2507.06608): a cost model with contention for bandwidth, two objectives that change
///   places with the use of KV memory, a search over divisions. The slacks and the level of memory are ours.
struct PredictiveSplit: SMSplit {
  static let descriptor = Descriptor(
    name: "split-predictive", summary: "the same, SMs divided before each batch by what a model of contention foretells",
    source: "Nexus (Shi et al., arXiv 2507.06608)",
    parameters: [
      Parameter("slack", "per cent of its time alone that a decode step may take beside prompts", range: 101...1_000, standard: 150)
    ])
  static let keepsShares = false

  /// Part of KV memory in use from which on decodes go first, and how many times longer prompts may then take.
  static let fullMemory = 0.9
  static let promptSlack = 2.0

  var slack: Int

  init(_ values: [Int]) { slack = values[0] }

  var choice: Choice { Choice(Self.descriptor, [slack]) }

  func promptShare(_ moment: SplitMoment) -> Int {
    let all = moment.multiprocessors
    if moment.decodes.slots.isEmpty { return all }
    let shares = moment.lanes.shares
    let decodesFirst = moment.usedMemory > Self.fullMemory
    func time(prompts: Batch, _ share: Int, decodes: Batch) -> EngineTime {
      moment.lanes.forecast([(prompts, share), (decodes, share == all ? all : all - share)])[decodesFirst ? 0 : 1]
    }
    let nothing = Batch()
    let alone = decodesFirst
      ? time(prompts: moment.prompts, all, decodes: nothing) : time(prompts: nothing, all, decodes: moment.decodes)
    let limit = EngineTime.seconds(alone.seconds * (decodesFirst ? Self.promptSlack : Double(slack) / 100))
    // More SMs never hurt who has them: the first division that keeps the limit, from the one that gives the favoured
    // phase most.
    let order = decodesFirst ? shares : shares.reversed()
    return order.first { time(prompts: moment.prompts, $0, decodes: moment.decodes) <= limit } ?? order.last ?? all
  }
}
