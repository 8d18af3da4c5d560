import Core
import KVMemory
import Screen

/// A request's block table as ranges: logical blocks that lie side by side in memory and are in the same state.
///
/// ```
/// blocks   12 13 14 40 39 38 7          (ref 3 3 3 1 1 1 1)
/// runs     0-2 → 12-14, 3-5 → 40-38, 6 → 7
/// ```
///
/// A run may also go down: freed blocks come out of the free list last one first.
struct BlockRuns: Equatable {
  struct Run: Equatable {
    enum State: Equatable {
      /// Full, and its content can be found.
      case findable
      /// Full, and nobody can find it.
      case full
      /// The next token is written here; so many slots are filled.
      case writing(Int)
      /// Taken ahead of the tokens to come.
      case empty
    }

    var logical: Range<Int>
    var first: BlockID
    /// 1 or -1; 0 for a run of one block.
    var direction: BlockID
    var references: Int
    var tokens: Int
    var state: State
    /// Of the last block, and so of everything up to it; 0 when it has none.
    var hash: BlockHash

    var last: BlockID { first + direction * BlockID(logical.count - 1) }
  }

  private(set) var runs: [Run] = []
  let blockCount: Int
  /// Whose keys and values are in the blocks.
  let tokens: Int
  /// Slots of the table without a token.
  let slack: Int
  /// Blocks that other tables name too.
  private(set) var sharedCount = 0
  /// Tokens in blocks whose content can be found, from the first on.
  private(set) var findableTokens = 0

  init(_ blocks: [BlockID], tokens: Int, memory: KVCache) {
    let size = memory.tokensPerBlock
    blockCount = blocks.count
    self.tokens = tokens
    slack = max(0, blocks.count * size - tokens)
    var isFindable = true
    for (logical, block) in blocks.enumerated() {
      let filled = min(size, max(0, tokens - logical * size))
      let hash = memory.index.content(of: block)
      let references = memory.pool.ownerCount(of: block)
      let state: Run.State = hash != 0 ? .findable : filled == size ? .full : filled > 0 ? .writing(filled) : .empty
      isFindable = isFindable && hash != 0
      if isFindable { findableTokens += filled }
      if references > 1 { sharedCount += 1 }
      if let last = runs.last, Self.continues(last, block), last.references == references, last.state == state {
        runs[runs.count - 1].direction = block - last.last
        runs[runs.count - 1].logical = last.logical.lowerBound..<logical + 1
        runs[runs.count - 1].tokens += filled
        runs[runs.count - 1].hash = hash
      } else {
        runs.append(
          Run(
            logical: logical..<logical + 1, first: block, direction: 0, references: references, tokens: filled,
            state: state, hash: hash))
      }
    }
  }

  private static func continues(_ run: Run, _ block: BlockID) -> Bool {
    let step = block - run.last
    return run.direction == 0 ? step == 1 || step == -1 : step == run.direction
  }

  /// Blocks of the longest stretch that lies side by side, whatever their state.
  var longest: Int {
    var best = 0
    var length = 0
    var last: Run?
    for run in runs {
      let joins = last.map { Self.continues($0, run.first) && (run.direction == 0 || $0.direction == 0 || run.direction == $0.direction) } ?? false
      length = joins ? length + run.logical.count : run.logical.count
      best = max(best, length)
      last = run
    }
    return best
  }
}

extension BlockRuns.Run {
  var logicalText: String { Self.range(logical.lowerBound, logical.upperBound - 1) }
  var physicalText: String { Self.range(Int(first), Int(last)) }

  private static func range(_ first: Int, _ last: Int) -> String { first == last ? String(first) : "\(first)-\(last)" }

  func stateText(tokensPerBlock: Int) -> StyledText {
    let text: StyledText = switch state {
    case .findable: StyledText("full " + prefixName(hash), Style(.kvLive))
    case .full: StyledText("full", Style(.kvLive))
    case .writing(let filled): StyledText("\(filled)/\(tokensPerBlock) ◀ write", Style(.kvWrite))
    case .empty: StyledText("ahead", .muted)
    }
    return references > 1 ? StyledText("# ", Style(.kvShared)) + text : text
  }
}
