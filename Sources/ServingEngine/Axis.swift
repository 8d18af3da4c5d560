import Core
import Hardware
import KVMemory
import Scheduling
import Speculation

/// Something that can be switched while the engine runs, at the next step boundary.
///
/// Menus, flags, the command line, recordings and help read the catalogue.
public struct Axis: Sendable {
  /// As in `--policy`.
  public let name: String
  public let summary: String
  /// What can be chosen; empty when the choice is a whole number.
  public let members: [Descriptor]
  /// Whole numbers that can be chosen.
  public var range: ClosedRange<Int>?
  /// The member that a number alone stands for; nil when none does.
  var numberMeans: Descriptor?
  /// The present choice.
  public let current: @Sendable (Engine) -> String
  /// Why this engine cannot have a choice; nil when it can.
  public var obstacle: @Sendable (Engine, Choice) -> String? = { _, _ in nil }
  /// What cannot be had back once it was chosen, said before; nil where undoing it undoes all of it.
  public var warning: @Sendable (Engine, Choice) -> String? = { _, _ in nil }
  /// Whether a choice takes other GPUs: then it is a fork's, which serves the same trace with them.
  public var wantsFork: @Sendable (Engine, Choice) -> Bool = { _, _ in false }
  let change: @Sendable (inout Engine, Choice) -> [Settlement]

  /// Reads a choice; its description is the one way to write it.
  public func choice(_ text: String) throws(ChoiceFault) -> Choice {
    guard let range else {
      let member = numberMeans.flatMap { Int(text) == nil ? nil : "\($0.name):\(text)" }
      do { return try Choice(member ?? text, among: members) } catch { throw ChoiceFault("--\(name) \(text): \(error)") }
    }
    guard let number = Int(text), range.contains(number) else {
      throw ChoiceFault("--\(name) \(text): a whole number from \(range.lowerBound) to \(range.upperBound) is wanted")
    }
    return Choice(number: number)
  }

  /// No choice carries a number.
  public var takesNamesOnly: Bool { range == nil && members.allSatisfy(\.parameters.isEmpty) }

  /// Whether a choice is of `member`, whatever its numbers.
  public func isChoice(_ choice: String, of member: Descriptor) -> Bool {
    choice == member.name || choice.hasPrefix(member.name + ":")
  }

  /// What is wrong with `text`; nil when it can be chosen.
  public func fault(of text: String) -> String? {
    do {
      _ = try choice(text)
      return nil
    } catch {
      return error.description
    }
  }

  /// The choice, where only a fork of this engine's run can have it.
  public func forkChoice(_ text: String, of engine: Engine) -> Choice? {
    guard let choice = try? choice(text), choice.description != current(engine), wantsFork(engine, choice) else { return nil }
    return choice
  }

  /// The same, for an engine.
  public func fault(of text: String, in engine: Engine) -> String? {
    do {
      let choice = try choice(text)
      return obstacle(engine, choice).map { "--\(name) \(text): \($0)" }
    } catch {
      return error.description
    }
  }
}

/// The axes that can be switched.
public enum AxisCatalogue {
  public static let all: [Axis] = [
    policy, prefill, placement, batching, reservation, preemption, prefixCache, hostCache, cacheBlend, kvFormat, attention, maxBatchedTokens,
    maxSequences, asyncScheduling, shadow, retain, protect, speculate, draftTokens, draftOverlap, weights, replicas, router, kvLink, kvTransfer, roles,
  ]

  public static func axis(named name: String) -> Axis? { everything.first { $0.name == name } }

  static let policy = Axis(
    name: "policy", summary: "who is served first, and how a step is put together",
    members: PolicyCatalogue.members.map { $0.descriptor },
    current: { $0.planner.policy.choice.description },
    change: { engine, choice in PolicyCatalogue.policy(choice).map { engine.setPolicy($0) } ?? [] })

  static let prefill = Axis(
    name: "prefill", summary: "how prompts are cut",
    members: PrefillShape.members,
    current: { $0.planner.prefill.choice.description },
    obstacle: { engine, choice in
      guard let shape = PrefillShape(choice) else { return nil }
      if shape.cutsLayers, engine.speculates { return "drafts want whole steps — choose --speculate none first" }
      return engine.obstacle(toPrefill: shape)
    },
    change: { engine, choice in PrefillShape(choice).map { engine.setPrefill($0) } ?? [] })

  static let placement = Axis(
    name: "placement", summary: "where prompts and decodes run",
    members: PlacementCatalogue.members,
    current: { $0.placement.description },
    obstacle: { $0.obstacle(toPlacement: $1) },
    wantsFork: { engine, choice in engine.membership?.disaggregation != Disaggregation(choice) },
    change: { engine, choice in engine.setPlacement(choice) })

  static let batching = Axis(
    name: "batching", summary: "when requests may join a batch",
    members: Batching.allCases.map(\.descriptor),
    current: { $0.planner.batching.rawValue },
    change: { engine, choice in
      if let member = Batching(rawValue: choice.name) { engine.planner.batching = member }
      return []
    })

  static let reservation = Axis(
    name: "reservation", summary: "how much KV memory a request is given when it is admitted",
    members: ReservationCatalogue.members.map { $0.descriptor },
    current: { $0.planner.reservation.choice.description },
    obstacle: { engine, choice in
      choice.name == Paged.descriptor.name || engine.planner.retention.keepsAll
        ? nil : "requests give keys and values up (--retain \(engine.planner.retention.choice)), and memory in one piece gives nothing back — choose --retain all first"
    },
    change: { engine, choice in ReservationCatalogue.reservation(choice).map { engine.setReservation($0) } ?? [] })

  static let preemption = Axis(
    name: "preemption", summary: "what becomes of the KV of a request that loses its blocks",
    members: Preemption.members,
    current: { $0.planner.preemption.choice.description },
    obstacle: { engine, choice in
      choice.name == "swap" && engine.hostLink == nil ? "\(engine.device.name) has no host memory behind it" : nil
    },
    change: { engine, choice in Preemption(choice).map { engine.setPreemption($0) } ?? [] })

  static let prefixCache = Axis(
    name: "prefix-cache", summary: "whether full blocks of equal prefixes are computed once",
    members: [
      Descriptor(name: "off", summary: "every prompt is computed whole", source: "vLLM --no-enable-prefix-caching"),
      Descriptor(
        name: "lru", summary: "full blocks by chained hash; the least recently released is evicted first",
        source: "vLLM V1 automatic prefix caching"),
      Descriptor(
        name: "value", summary: "evicted by compute saved for each byte kept, and recency: long contexts stay longer",
        source: "Marconi (Pan et al., arXiv 2411.19379)",
        parameters: [
          Parameter(
            "weight", "blocks released meanwhile for which a block of a context is kept longer, for each block of the context",
            range: 0...10_000, standard: 10)
        ]),
    ],
    current: { $0.prefixCache },
    change: { engine, choice in engine.setPrefixCache(choice) })

  static let hostCache = Axis(
    name: "host-cache", summary: "whether host memory keeps what the prefix cache evicts",
    members: HostCache.members,
    current: { $0.hostCache.choice.description },
    obstacle: { engine, choice in
      choice.name != "off" && engine.hostLink == nil ? "\(engine.device.name) has no host memory behind it" : nil
    },
    change: { engine, choice in HostCache(choice).map { engine.setHostCache($0) } ?? [] })

  static let cacheBlend = Axis(
    name: "cacheblend", summary: "per cent of a quoted chunk's tokens that are computed again (CacheBlend: Yao et al., EuroSys 2025); 100: all, so none is reused",
    members: [], range: 0...100,
    current: { String($0.planner.recomputedShare) },
    obstacle: { engine, choice in choice.values[0] < 100 ? engine.device.obstacleToChunks(hasHost: engine.hostLink != nil) : nil },
    change: { engine, choice in engine.setRecomputedShare(choice.values[0]) })

  public static let attention = Axis(
    name: "attention", summary: "which keys attention reads, and whether what decodes have in common is read once",
    members: AttentionForm.members,
    current: { $0.attention.choice.description },
    obstacle: { engine, choice in
      AttentionForm(choice).flatMap { engine.obstacle(toAttention: $0) ?? engine.obstacle(ofFoldsTo: $0) }
    },
    wantsFork: { engine, choice in
      guard engine.membership != nil, let form = AttentionForm(choice), form != engine.attention else { return false }
      return form.obstacle(on: engine.device, speculates: engine.speculates) == nil && engine.blocks(with: form) != engine.blocks(with: engine.attention)
    },
    change: { engine, choice in AttentionForm(choice).map { engine.setAttention($0) } ?? [] })

  static let maxBatchedTokens = Axis(
    name: "max-batched-tokens", summary: "tokens computed in a step", members: [], range: 1...1_048_576,
    current: { String($0.planner.limits.maxBatchedTokens) },
    change: { engine, choice in
      engine.setMaxBatchedTokens(choice.values[0])
      return []
    })

  static let maxSequences = Axis(
    name: "max-seqs", summary: "requests in the batch", members: [], range: 1...65_536,
    current: { String($0.planner.limits.maxSequences) },
    change: { engine, choice in
      engine.planner.limits.maxSequences = choice.values[0]
      return []
    })

  /// Switched off, the step that was planned ahead is still taken; switched on, the next step plans two.
  static let asyncScheduling = Axis(
    name: "async-scheduling", summary: "whether a step is planned while the one before it runs",
    members: [
      Descriptor(
        name: "on", summary: "planned one step ahead of the tokens: the device never waits for a plan",
        source: "vLLM --async-scheduling, the default where nothing forbids it; NanoFlow (arXiv 2408.12757)"),
      Descriptor(
        name: "off", summary: "planned when the step before has ended", source: "vLLM --no-async-scheduling"),
    ],
    current: { $0.plansAhead ? "on" : "off" },
    obstacle: { engine, choice in
      // A plan takes microseconds beside a measured step, and the machine that plans is the one that computes.
      if choice.name == "on", engine.speculates { return "a plan made ahead knows no drafts — choose --speculate none first" }
      return choice.name == "on" && !engine.device.isModelled ? "\(engine.device.name) never waits for a plan" : nil
    },
    change: { engine, choice in
      engine.plansAhead = choice.name == "on"
      return []
    })
}

extension AxisCatalogue {
  static let speculate = Axis(
    name: "speculate", summary: "who guesses the next tokens, for the model to verify in one step",
    members: DrafterCatalogue.members.map(\.descriptor),
    current: { $0.drafting.choice.description },
    obstacle: { engine, choice in engine.fault(ofSpeculating: choice, engine.drafting.controller.length) },
    change: { engine, choice in engine.setSpeculation(choice, engine.drafting.controller.length) })

  static let draftTokens = Axis(
    name: "draft-tokens", summary: "how many tokens are guessed", members: DraftLength.members, numberMeans: DraftLength.members[0],
    current: { $0.drafting.controller.length.choice.description },
    obstacle: { engine, choice in
      DraftLength(choice).flatMap { engine.fault(ofSpeculating: engine.drafting.choice, $0) }
    },
    change: { engine, choice in DraftLength(choice).map { engine.setSpeculation(engine.drafting.choice, $0) } ?? [] })
}

/// What can be asked of a running engine. Recordings keep it with the step at which it was asked.
public struct Command: Equatable, Sendable, Codable {
  public var axis: String
  public var choice: String

  public init(axis: String, choice: String) {
    self.axis = axis
    self.choice = choice
  }

  /// Said by the timeline and not by people: KV memory was computed again for a new future, and holds no cached content.
  public static let rebuilt = Command(axis: "kv-memory", choice: "rebuilt")
}

/// A command that cannot be carried out: what is wrong with it, and what could be asked instead.
public struct CommandError: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

extension Engine {
  /// Carries out a command between two steps. The next step reports it as an event.
  public mutating func apply(_ command: Command) throws(CommandError) {
    if command == .rebuilt {
      state.scheduler.memory.forgetFreeContent()
      state.pendingEvents.append(.switched(axis: command.axis, to: command.choice))
      return
    }
    guard let axis = AxisCatalogue.axis(named: command.axis) else {
      throw CommandError(
        "\(command.axis) cannot be switched; axes are \(AxisCatalogue.all.map(\.name).joined(separator: ", "))")
    }
    if let fault = axis.fault(of: command.choice, in: self) { throw CommandError(fault) }
    guard let choice = try? axis.choice(command.choice), axis.current(self) != choice.description else { return }
    let settlements = axis.change(&self, choice)
    state.pendingEvents.append(.switched(axis: axis.name, to: choice.description))
    for settlement in settlements { state.pendingEvents.append(.settled(axis: axis.name, settlement)) }
  }
}
