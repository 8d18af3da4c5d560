public import Core

/// Which keys and values a request keeps.
///
/// A prompt is read whole, and so is a text that was lost to preemption. From then on a policy speaks twice. When something
/// is given up, and how much, follows from counts alone, so it is the same on every device. Which tokens these are is
/// chosen for each layer and key head from attention that was measured, where tokens are real:
///
/// ```
///            counts                        attention
/// order(…) ────────▶ 212 of 240 slots ─────────────────▶ select(212, of: head), for each layer and head
/// ```
///
/// Source of the comparison at equal budgets after a whole prompt: SnapKV (Li et al., arXiv 2404.14469).
public protocol Retention: Sendable {
  static var descriptor: Descriptor { get }
  init(values: [Int])
  var values: [Int] { get }
  var watch: AttentionWatch { get }
  /// Tokens for which a request is watched before it gives anything up.
  var warmUp: Int { get }
  /// How all keys and values are kept where a policy takes something of every token; nil as `--kv-format` says.
  var format: KVFormat? { get }

  /// What a request that is about to decode gives up; nil for nothing.
  func order(_ holding: Holding) -> CompactionOrder?

  /// The slots of one head that stay, `count` of them, ascending.
  func select(_ count: Int, of head: WatchedHead) -> [Int]
}

extension Retention {
  public var values: [Int] { [] }
  public var choice: Choice { Choice(Self.descriptor, values) }
  public var watch: AttentionWatch { .nobody }
  public var warmUp: Int { 0 }
  public var format: KVFormat? { nil }
  public func select(_ count: Int, of head: WatchedHead) -> [Int] { head.keep(count) { _ in false } score: { _ in 0 } }
  /// Every token, whole or in part.
  public var keepsAll: Bool { self is KeepAll || format != nil }
}

/// A request's keys and values in counts.
public struct Holding: Equatable, Sendable {
  public var prompt: Int
  /// Positions computed, and slots with a token: fewer where some were given up.
  public var computed: Int
  public var slots: Int
  /// Positions before this were computed while nobody watched.
  public var watchedFrom: Int
  /// Tokens at the beginning that stay whatever the policy says.
  public var protected: Int
  public var tokensPerBlock: Int
  /// Leading blocks before what was cut out; nil when nothing was.
  public var cutAt: Int?
  /// Tokens were moved: slots are not in the order of positions.
  public var isScattered: Bool
  /// How its heads keep different tokens; nil where they do not.
  public var fold: HeadFold?

  public init(
    prompt: Int, computed: Int, slots: Int, watchedFrom: Int = 0, protected: Int = 0, tokensPerBlock: Int, cutAt: Int? = nil,
    isScattered: Bool = false, fold: HeadFold? = nil
  ) {
    self.prompt = prompt
    self.computed = computed
    self.slots = slots
    self.watchedFrom = watchedFrom
    self.protected = min(protected, prompt)
    self.tokensPerBlock = tokensPerBlock
    self.cutAt = cutAt
    self.isScattered = isScattered
    self.fold = fold
  }

  public var dropped: Int { computed - slots }
  /// Whether whole blocks can be cut out after `lead` of them.
  func canCut(at lead: Int) -> Bool { !isScattered && (cutAt ?? lead) == lead }

  /// Down to `budget` when this frees a block, and `slack` tokens, and so many queries were watched.
  func order(budget: Int, after warmUp: Int, slack: Int = 1) -> CompactionOrder? {
    guard slots - budget >= max(tokensPerBlock, slack), computed - watchedFrom >= min(warmUp, computed) else { return nil }
    return .choose(kept: budget)
  }
}

public enum CompactionOrder: Equatable, Sendable {
  /// Blocks of the table that go whole: nothing moves.
  case cut(Range<Int>)
  /// So many slots stay, in as few blocks.
  case choose(kept: Int)
  /// Streaming heads give up what lies between first and last tokens, and the others move together.
  case fold(HeadFold)
}

/// A number of tokens, or a share of those that a request has computed.
public struct Budget: Equatable, Sendable {
  /// As a parameter has it: below zero a share in per cent.
  public let value: Int
  public init(_ value: Int) { self.value = value }

  public func tokens(of computed: Int) -> Int { value < 0 ? (computed * -value + 99) / 100 : value }

  static func parameter(standard: Int) -> Parameter {
    Parameter(
      "budget", "tokens that are kept, or a share of a request's: 50%", range: 1...1_048_576, standard: standard, takesShares: true)
  }
}

/// The policies that can be chosen. Adding one is a file and a line here.
public enum RetentionCatalogue {
  public static let members: [any Retention.Type] = [
    KeepAll.self,
    SinkWindow.self,
    HeavyHitters.self,
    PromptSnapshot.self,
    Morph.self,
    Lazy.self,
    RetrievalHeads.self,
    MagnitudeSparse.self,
  ]

  public static func retention(_ choice: Choice) -> (any Retention)? {
    members.first { $0.descriptor.name == choice.name }?.init(values: choice.values)
  }
}

/// Everything that was computed.
public struct KeepAll: Retention {
  public static let descriptor = Descriptor(
    name: "all", summary: "keys and values of all tokens stay", source: "PagedAttention (Kwon et al., SOSP 2023)")

  public init(values: [Int] = []) {}
  public func order(_ holding: Holding) -> CompactionOrder? { nil }
}
