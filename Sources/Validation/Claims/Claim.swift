public import Core

/// A published ratio, rerun here: the baseline and the system on the stated set-up.
///
/// What the publication does not state is assumed and said. No constant is fitted to a claim: the cost model's come
/// from calibration alone.
public protocol Claim: Sendable {
  /// `name` is the id of the system in the catalogue of the literature, `source` the publication.
  static var descriptor: Descriptor { get }
  init()
  /// A result for each row of the claim.
  func run() throws(ClaimFault) -> [ClaimResult]
}

/// A claim that could not be run at all.
public struct ClaimFault: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

public enum Verdict: String, Sendable {
  /// Within 15 % of the ratio, or inside the published band; for a statement, it holds.
  case reproduced
  /// The same sign, another size; less than 2 % is no direction.
  case direction
  case notReproduced = "not-reproduced"
}

/// What a publication says of one quantity.
public enum Published: Equatable, Sendable {
  /// A ratio; `isPeak` for an "up to".
  case ratio(Double, isPeak: Bool = false)
  case band(ClosedRange<Double>)
  /// "More than".
  case atLeast(Double)
  /// Something that must be so, without a number.
  case statement(String)

  /// How close ours is. Ratios are of the better over the worse: above 1 is the published direction.
  func verdict(_ ours: Double) -> Verdict {
    switch self {
    case .ratio(let ratio, _):
      abs(ours / ratio - 1) <= 0.15 ? .reproduced : Self.direction(ours, like: ratio)
    case .band(let band):
      band.contains(ours) ? .reproduced : Self.direction(ours, like: band.upperBound)
    case .atLeast(let ratio): ours >= ratio ? .reproduced : Self.direction(ours, like: ratio)
    case .statement: ours > 0 ? .reproduced : .notReproduced
    }
  }

  private static func direction(_ ours: Double, like published: Double) -> Verdict {
    abs(ours - 1) >= 0.02 && (ours > 1) == (published > 1) ? .direction : .notReproduced
  }
}

/// One row: the published ratio beside ours.
public struct ClaimResult: Equatable, Sendable {
  public var id: String
  /// Which of the publication's claims.
  public var row: String
  public var metric: String
  public var published: Published
  /// Nil when it cannot be run here.
  public var ours: Double?
  public var verdict: Verdict
  /// Everything that the set-up needs, stated or assumed, by name.
  public var assumed: [(name: String, value: String)]
  /// Why ours is not the published one, or how far it goes.
  public var reason: String?
  /// The claim over a sweep, where it is a peak or a trend.
  public var curve: Curve?

  public struct Curve: Equatable, Sendable {
    public var over: String
    public var points: [Point]

    public struct Point: Equatable, Sendable {
      public var at: String
      public var value: Double
    }
  }

  public init(
    _ id: String, row: String, metric: String, published: Published, ours: Double, assumed: [(name: String, value: String)],
    reason: String? = nil, curve: Curve? = nil
  ) {
    self.id = id
    self.row = row
    self.metric = metric
    self.published = published
    self.ours = ours
    verdict = published.verdict(ours)
    self.assumed = assumed
    self.reason = reason
    self.curve = curve
  }

  /// A row that nothing here can show.
  public init(_ id: String, row: String, metric: String, published: Published, impossible reason: String) {
    self.id = id
    self.row = row
    self.metric = metric
    self.published = published
    verdict = .notReproduced
    assumed = []
    self.reason = reason
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.id == right.id && left.row == right.row && left.metric == right.metric && left.published == right.published
      && left.ours == right.ours && left.verdict == right.verdict && left.reason == right.reason && left.curve == right.curve
      && left.assumed.elementsEqual(right.assumed) { $0 == $1 }
  }
}

/// The claims that can be rerun. Adding one is a file and a line here.
public enum ClaimCatalogue {
  public static let members: [any Claim.Type] = [
    PagedAttentionClaim.self,
    S3Claim.self,
    SarathiClaim.self,
    SarathiServeClaim.self,
    DistServeClaim.self,
    SplitwiseClaim.self,
    FlowKVClaim.self,
    LayeredPrefillClaim.self,
    FlowPrefillClaim.self,
    NanoFlowClaim.self,
    SemiPDClaim.self,
    NexusClaim.self,
    BatchLLMClaim.self,
    BlendServeClaim.self,
    FastSwitchClaim.self,
    LAPSClaim.self,
    QueueingClaim.self,
    MemoryGapClaim.self,
    PrepackingClaim.self,
    KVManagementClaim.self,
    HydragenClaim.self,
    RelayAttentionClaim.self,
    MarconiClaim.self,
    CacheBlendClaim.self,
    TetrisClaim.self,
    CopySpecClaim.self,
    BASSClaim.self,
    MagicDecClaim.self,
    PEARLClaim.self,
    KIVIClaim.self,
    SAWINT4Claim.self,
    BlockQuantClaim.self,
    DuoDecodingClaim.self,
    DySpecClaim.self,
    QuantSpecClaim.self,
    TriForceClaim.self,
    MarlinClaim.self,
    FlashLLMClaim.self,
    MinimaClaim.self,
    PitfallsClaim.self,
    DuoAttentionClaim.self,
    DoubleSparsityClaim.self,
    MInferenceClaim.self,
    MustafarClaim.self,
  ]

  public static func member(named name: String) -> (any Claim.Type)? { members.first { $0.descriptor.name == name } }
}
