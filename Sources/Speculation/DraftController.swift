public import Core

/// Says before each draft how long it may be, and which drafts of a batch go to the device.
public struct DraftController: Equatable, Sendable {
  public let length: DraftLength
  /// Of each request, by its number.
  private var records: [Record] = []

  struct Record: Equatable, Sendable {
    /// Tokens that the next draft may have, where that adapts; 0 before the first.
    var limit: Int16 = 0
    var drafted: Int32 = 0
    var accepted: Int32 = 0

    /// Share of drafts that stand, by Laplace's rule of succession.
    var likelihood: Float { Float(accepted + 1) / Float(drafted + 2) }
  }

  public init(_ length: DraftLength) { self.length = length }

  /// Tokens that a request may draft now.
  public func limit(of request: RequestID) -> Int {
    guard case .adaptive(let most) = length else { return length.most }
    let limit = request.index < records.count ? Int(records[request.index].limit) : 0
    return min(most, limit == 0 ? DraftLength.standard.most : limit)
  }

  /// Drafts were verified.
  /// - Parameter reach: Tokens that could have stood: of a tree its longest path; nil for all.
  public mutating func observe(_ request: RequestID, drafted: Int, accepted: Int, reach: Int? = nil) {
    guard drafted > 0 else { return }
    if case .fixed = length { return }
    let limit = limit(of: request)
    while records.count <= request.index { records.append(Record()) }
    records[request.index].drafted += Int32(drafted)
    // Those behind the first that fell were not looked at.
    records[request.index].drafted -= Int32(max(0, drafted - accepted - 1))
    records[request.index].accepted += Int32(accepted)
    guard case .adaptive(let most) = length else { return }
    records[request.index].limit = Int16(accepted == reach ?? drafted ? min(most, max(limit, drafted) + 2) : max(1, limit - 1))
  }

  /// Cuts the drafts of a batch to its budget: by falling likelihood that a token and all before it stand, which the drafter
  /// says, or the request's acceptance so far; of equally likely ones the earlier position, then the earlier request.
  ///
  /// A token is never kept without those before it, for its likelihood is not above theirs.
  public func select(_ drafts: inout [Draft]) {
    guard case .batch(_, let budget) = length, drafts.reduce(0, { $0 + $1.tokens.count }) > budget else { return }
    var candidates: [(likelihood: Float, position: Int, draft: Int)] = []
    for (number, draft) in drafts.enumerated() {
      let index = draft.request.index
      let prior = index < records.count ? records[index].likelihood : Record().likelihood
      for (position, likelihood) in draft.likelihoods(prior: prior).enumerated() { candidates.append((likelihood, position, number)) }
    }
    candidates.sort { ($1.likelihood, $0.position, $0.draft) < ($0.likelihood, $1.position, $1.draft) }
    var kept = [Int](repeating: 0, count: drafts.count)
    for candidate in candidates.prefix(budget) { kept[candidate.draft] = max(kept[candidate.draft], candidate.position + 1) }
    for number in drafts.indices { drafts[number].cut(to: kept[number]) }
    drafts.removeAll { $0.tokens.isEmpty }
  }
}
