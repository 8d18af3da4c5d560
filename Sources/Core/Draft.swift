/// Tokens guessed to follow a request's known ones, for the model to verify.
public struct Draft: Equatable, Sendable {
  public var request: RequestID
  public var tokens: [TokenID]
  /// How sure the drafter was at each position, 0...1: the likelihood of its likeliest token; empty where it does not say.
  ///
  /// Under sampling it is of the distribution and not of the token that was drawn: who chooses among drafts by it must not
  /// prefer drawn tokens, or the distribution of what stands would change.
  public var confidence: [Float]
  /// How the tokens follow one another, the likeliest first; nil where each follows the one before it. Of a tree `confidence` is
  /// how likely the drafter held it that a token's verdict is asked for, or under greedy decoding that it stands, given the
  /// same of the one that it follows.
  public var tree: TokenTree?

  public init(request: RequestID, tokens: [TokenID], confidence: [Float] = [], tree: TokenTree? = nil) {
    self.request = request
    self.tokens = tokens
    self.confidence = confidence
    self.tree = tree
  }

  /// Keeps the first `count` tokens.
  public mutating func cut(to count: Int) {
    tokens.removeLast(max(0, tokens.count - count))
    confidence.removeLast(max(0, confidence.count - count))
    tree?.cut(to: count)
  }

  /// How likely a token and all that it follows stand. What the drafter does not say is `prior`.
  public func likelihoods(prior: Float) -> [Float] {
    var likelihoods: [Float] = []
    for position in tokens.indices {
      let own = position < confidence.count ? confidence[position] : prior
      var before = position - 1
      if let tree, position < tree.parents.count { before = Int(tree.parents[position]) }
      likelihoods.append(before < 0 ? own : likelihoods[before] * own)
    }
    return likelihoods
  }
}

/// Where drafts come from.
public enum DraftMeans: Equatable, Sendable {
  /// From the text alone: nothing is computed on the device.
  case text
  /// From a smaller model beside the target, with keys and values of its own.
  case smallModel
  /// From the target's own layers, the first and the last so many, and its head.
  case ownLayers(first: Int, last: Int)
  /// From all of the target, with its keys and values in four bits.
  case ownCache
}

/// What is to be drafted after a step, for the next one.
public struct DraftTask: Equatable, Sendable {
  public struct Wish: Equatable, Sendable {
    public var request: Request
    /// Tokens at most.
    public var limit: Int
    /// The request's blocks; some may lie beyond its tokens, for a drafter that writes keys and values there.
    public var table: [BlockID]
    /// Of its tokens, those whose keys and values were given up.
    public var dropped: Int

    public init(request: Request, limit: Int, table: [BlockID], dropped: Int = 0) {
      self.request = request
      self.limit = limit
      self.table = table
      self.dropped = dropped
    }
  }

  public var means: DraftMeans
  /// Several guesses for a position where that is worth more; the limits then count all of them.
  public var isTree: Bool
  /// The step that has just been computed.
  public var batch: Batch
  public var wishes: [Wish]
  /// How many drafts of each slot stood, and how long the step took, where drafts are made beside it.
  public var accepted: [Int] = []
  public var verifying = EngineTime.zero
  /// All requests of the batch list: what a drafter remembers of others may go.
  public var running: [RequestID]

  public init(means: DraftMeans, isTree: Bool = false, batch: Batch, wishes: [Wish], running: [RequestID]) {
    self.means = means
    self.isTree = isTree
    self.batch = batch
    self.wishes = wishes
    self.running = running
  }
}

/// What came of a draft task: drafts for those for whom there are any, and what they cost.
public struct DraftOutcome: Equatable, Sendable {
  public var drafts: [Draft]
  public var duration: EngineTime
  public var cost: StepCost
  /// They were made beside the step, on something else.
  public var isBeside = false

  public init(drafts: [Draft], duration: EngineTime = .zero, cost: StepCost = StepCost()) {
    self.drafts = drafts
    self.duration = duration
    self.cost = cost
  }
}
