import Core

/// One key head of one layer of a request, as its slots lie: where their tokens come from, and what was seen of them.
public struct WatchedHead: Equatable, Sendable {
  /// Of each slot; in any order once something was moved.
  public var positions: [Int32]
  /// Of each slot, attention as the policy watches it: probabilities, added up over queries and over the query heads that
  /// share the key head.
  public var scores: [Float]
  /// Of each slot, the position of the last query that attended to it, and the longest pause between two such; empty
  /// where nobody asks.
  public var latest: [Int32] = []
  public var pauses: [Int32] = []
  public var computed: Int
  public var prompt: Int
  public var protected: Int

  public init(positions: [Int32], scores: [Float], computed: Int, prompt: Int, protected: Int = 0) {
    self.positions = positions
    self.scores = scores
    self.computed = computed
    self.prompt = prompt
    self.protected = min(protected, prompt)
  }

  /// The slots of `count` tokens, ascending: the protected first, then those that `always` names from the newest on, then
  /// by score, of equals the newer.
  public func keep(_ count: Int, always: (Int) -> Bool, score: (_ slot: Int) -> Float) -> [Int] {
    guard count < positions.count else { return Array(positions.indices) }
    var ranked: [(rank: Int, score: Float, position: Int32, slot: Int)] = []
    ranked.reserveCapacity(positions.count)
    for (slot, position) in positions.enumerated() {
      let rank = Int(position) < protected ? 2 : always(Int(position)) ? 1 : 0
      ranked.append((rank, rank > 0 ? 0 : score(slot), position, slot))
    }
    ranked.sort { ($0.rank, $0.score, $0.position) > ($1.rank, $1.score, $1.position) }
    return ranked.prefix(count).map(\.slot).sorted()
  }
}
