/// How a request's blocks hold the keys and values of retrieval heads from its beginning on, and of streaming heads only the
/// first tokens and the last.
///
/// Of a block between the two only the parts of retrieval heads are kept, and these are packed side by side, whatever layer
/// and head the part belonged to that lies there otherwise:
///
/// ```
/// | lead: all heads |  packed: retrieval heads of `folded` blocks  | all heads, and what comes |
/// 0                 lead                                    lead + packed                      end of the table
/// ```
///
/// So a block stays a block for everybody who counts them, and what streaming heads no longer need is given to others.
public struct HeadFold: Equatable, Sendable {
  /// Leading blocks that stay as they are.
  public var lead: Int
  /// Blocks after them that were folded so far.
  public var folded: Int
  /// Of all key heads of all layers, those that keep everything, per cent, rounded down.
  public var share: Int

  public init(lead: Int, folded: Int, share: Int) {
    self.lead = lead
    self.folded = folded
    self.share = share
  }

  /// Blocks into which these are packed.
  public var packed: Int { (folded * share + 99) / 100 }
  /// Blocks that were saved.
  public var saved: Int { folded - packed }
}

extension Retaining {
  /// A request whose table is folded.
  public struct Folded: Equatable, Sendable {
    public var request: RequestID
    public var fold: HeadFold

    public init(request: RequestID, fold: HeadFold) {
      self.request = request
      self.fold = fold
    }
  }

  /// O(log n)
  public func fold(of request: RequestID) -> HeadFold? {
    var (low, high) = (0, folded.count)
    while low < high {
      let middle = (low + high) / 2
      if folded[middle].request < request { low = middle + 1 } else { high = middle }
    }
    return low < folded.count && folded[low].request == request ? folded[low].fold : nil
  }
}

extension Compaction {
  /// How the table was folded before.
  public var foldBefore: HeadFold? {
    fold.flatMap { foldedBefore > 0 ? HeadFold(lead: $0.lead, folded: foldedBefore, share: $0.share) : nil }
  }
}

extension KeptTokens {
  /// Where it is not known which heads keep everything: as many of as many heads as say the share, without their layers. Nil
  /// where that would be a long list.
  public init?(_ fold: HeadFold, computed: Int, tokensPerBlock: Int) {
    let heads = (1...100).first { $0 * fold.share % 100 == 0 } ?? 100
    guard heads * computed <= 1 << 20 else { return nil }
    let all = (0..<Int32(computed)).map { $0 }
    let given = fold.lead * tokensPerBlock..<(fold.lead + fold.folded) * tokensPerBlock
    let few = all.filter { !given.contains(Int($0)) }
    self.init(computed: computed, layers: 1, kvHeads: heads, positions: (0..<heads).map { $0 < heads * fold.share / 100 ? all : few })
  }
}
