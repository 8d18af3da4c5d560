import Core
import Hardware
import Scheduling
import Speculation

/// What drafts would cost and bring now, as the device's model has it. For looking: nothing is changed.
extension Engine {
  /// Of one number of drafts.
  public struct DraftPrice: Equatable, Sendable {
    public var drafts: Int
    public var drafting: EngineTime
    public var verifying: EngineTime
    /// Tokens that each request gets of the step, on average; nil where the source of acceptance does not know so many.
    public var tokens: Double?

    /// One is done while the other is.
    public var overlaps = false

    public var total: EngineTime { overlaps ? max(drafting, verifying) : drafting + verifying }
    /// Milliseconds from one token of a request to its next.
    public var millisecondsPerToken: Double? { tokens.map { total.milliseconds / $0 } }
  }

  /// The drafter that is chosen, if any; how many tokens it may draft for a request at most, and whether it always drafts
  /// so many.
  public var speculation: (name: String, length: String, most: Int, isSteady: Bool)? {
    guard speculates else { return nil }
    let length = drafting.controller.length
    return (drafting.choice.description, length.description, length.most, drafting.drafter.means != .text && length == .fixed(length.most))
  }

  /// Tokens that a request may draft in the next step.
  public func draftLimit(of request: RequestID) -> Int { drafting.controller.limit(of: request) }

  /// Who says which drafts stand on a modelled GPU; nil where a real model does.
  public var acceptanceSource: String? { device.language == nil ? device.modelledGPU?.acceptance?.source : nil }

  /// With 0 drafts and more, for the requests that decode now; empty where times are measured, or nobody decodes.
  ///
  /// - Parameter measured: Of real tokens, the share of drafts whose first, first two, … tokens stand.
  public func draftPrices(upTo most: Int, measured: [Double]) -> [DraftPrice] {
    // How a tree of another size would look is known only where somebody typed it.
    guard let gpu = device.modelledGPU, !drafting.drafter.isTree || gpu.acceptance?.ranks != nil else { return [] }
    let requests = state.scheduler.running.map { state.scheduler.requests[Int($0)] }.filter { !$0.isReading && !$0.output.isEmpty }
    guard !requests.isEmpty else { return [] }
    let wishes = requests.map { DraftTask.Wish(request: $0, limit: 0, table: []) }
    return (0...most).map { drafts in
      let (drafting, verifying) = gpu.price(of: wishes, drafts: drafts, by: drafting.drafter.means, isTree: drafting.drafter.isTree)
      return DraftPrice(
        drafts: drafts, drafting: drafting, verifying: verifying, tokens: expected(drafts, requests, gpu.acceptance, measured),
        overlaps: draftOverlap != .off)
    }
  }

  private func expected(_ drafts: Int, _ requests: [Request], _ acceptance: Acceptance?, _ measured: [Double]) -> Double? {
    if device.language != nil || acceptance == nil {
      return drafts <= measured.count ? 1 + measured.prefix(drafts).reduce(0, +) : nil
    }
    var sum = 0.0
    for request in requests {
      let expected = draftOverlap == .off
        ? acceptance?.expectedTokens(request.label, drafts: drafts) : acceptance?.expectedOverlapped(request.label, drafts: drafts)
      guard let tokens = expected else { return nil }
      sum += tokens
    }
    return sum / Double(requests.count)
  }
}
