import Core

/// Something a serving engineer would want to be told: when it applies, a sentence for one case, a summary.
///
/// A finding watches steps go by and keeps what little it needs, so that it can
/// be copied with the rest of an observatory. It speaks at the onset, not in
/// every step that the trouble lasts.
///
/// - Source: the shape of tokio-console's `Warn` (console-subscriber, `warnings.rs`).
public protocol Finding: Sendable {
  /// `summary` says when it applies.
  static var descriptor: Descriptor { get }

  init()

  /// One sentence for each case that begins with this step; usually none.
  mutating func observe(_ evidence: Evidence) -> [String]

  /// All cases in one sentence; nil while there was none.
  var summary: String? { get }
}

/// What a finding may look at after a step.
public struct Evidence {
  public let step: StepRecord
  /// Folded up to this step; `news` has the step's events but `computed` ones.
  public let scoreboard: Scoreboard
  public let bench: Bench

  public struct Bench: Equatable, Sendable {
    /// Blocks of the KV pool and tokens of a block; nil for none.
    public var kvBlocks: Int?
    public var tokensPerBlock: Int?
    public var cachesPrefixes: Bool
    /// Engines that serve the trace together.
    public var instances = 1

    public init(kvBlocks: Int? = nil, tokensPerBlock: Int? = nil, cachesPrefixes: Bool = true) {
      self.kvBlocks = kvBlocks
      self.tokensPerBlock = tokensPerBlock
      self.cachesPrefixes = cachesPrefixes
    }
  }
}

public enum FindingCatalogue {
  public static let all: [any Finding.Type] = [
    PreemptionThrash.self,
    HeadOfLineBlocking.self,
    Starvation.self,
    DecodeStall.self,
    SLOMissBurst.self,
    PoolExhausted.self,
    ColdPrefixCache.self,
    EvictionThrash.self,
    WaveTail.self,
    HostLinkBound.self,
    LinkBound.self,
  ]
}
