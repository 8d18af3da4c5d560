import Core
import Speculation
import Testing

@Suite("How much is drafted")
struct DraftControllerTests {
  @Test("adaptive: two more after a draft that stood whole, one fewer after any other, within its bounds, for each request alone")
  func adaptive() {
    var controller = DraftController(.adaptive(most: 7))
    let (one, other) = (RequestID(3), RequestID(0))
    var limits = [controller.limit(of: one)]
    for accepted in [4, 6, 7, 2, 0, 0, 0, 0, 0, 0, 0, 1] {
      let limit = controller.limit(of: one)
      controller.observe(one, drafted: limit, accepted: min(limit, accepted))
      limits.append(controller.limit(of: one))
    }
    #expect(limits == [4, 6, 7, 7, 6, 5, 4, 3, 2, 1, 1, 1, 3])
    #expect(controller.limit(of: other) == 4)
    controller.observe(other, drafted: 0, accepted: 0)
    #expect(controller.limit(of: other) == 4, "no draft says nothing")
  }

  @Test("batch: what is kept is the best that the budget allows, and never a token without those before it", arguments: 0..<200 as Range<UInt64>)
  func budget(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "budget")
    var drafts = (0..<1 + random.below(4)).map { number in
      let count = 1 + random.below(4)
      return Draft(
        request: RequestID(number), tokens: (0..<count).map { TokenID($0) }, confidence: (0..<count).map { _ in Float(1 + random.below(9)) / 10 })
    }
    let all = drafts
    let budget = 1 + random.below(8)
    DraftController(.batch(most: 4, budget: budget)).select(&drafts)

    /// Expected accepted tokens of a draft's first `count`.
    func value(_ draft: Draft, _ count: Int) -> Float {
      var (sum, likelihood): (Float, Float) = (0, 1)
      for confidence in draft.confidence.prefix(count) {
        likelihood *= confidence
        sum += likelihood
      }
      return sum
    }
    /// The best over all ways to cut.
    func best(_ rest: ArraySlice<Draft>, _ budget: Int) -> Float {
      guard let first = rest.first else { return 0 }
      return (0...min(budget, first.tokens.count)).map { value(first, $0) + best(rest.dropFirst(), budget - $0) }.max() ?? 0
    }
    let kept = drafts.reduce(Float(0)) { $0 + value($1, $1.tokens.count) }
    #expect(drafts.reduce(0) { $0 + $1.tokens.count } == min(budget, all.reduce(0) { $0 + $1.tokens.count }))
    #expect(abs(kept - best(all[...], budget)) < 1e-5, "seed \(seed)")
    for draft in drafts {
      let whole = all[draft.request.index]
      #expect(whole.tokens.starts(with: draft.tokens) && whole.confidence.starts(with: draft.confidence) && !draft.tokens.isEmpty)
    }
  }

  @Test("a drafter that does not say how sure it is, is judged by how its drafts fared")
  func unsure() {
    var controller = DraftController(.batch(most: 4, budget: 3))
    for _ in 0..<5 {
      controller.observe(RequestID(0), drafted: 2, accepted: 0)
      controller.observe(RequestID(1), drafted: 2, accepted: 2)
    }
    var drafts = (0..<2).map { Draft(request: RequestID($0), tokens: [1, 2, 3]) }
    controller.select(&drafts)
    #expect(drafts == [Draft(request: RequestID(1), tokens: [1, 2, 3])])
  }

  @Test("choices read as they print")
  func choices() throws {
    for length in [DraftLength.fixed(3), .adaptive(most: 8), .adaptive(most: 5), .batch(most: 8, budget: 32), .batch(most: 4, budget: 12)] {
      #expect(DraftLength(try Choice(length.choice.description, among: DraftLength.members)) == length)
    }
  }
}
