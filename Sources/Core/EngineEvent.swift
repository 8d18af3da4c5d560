/// Why a request was turned away when it arrived.
public enum RejectionReason: Equatable, Sendable {
  /// Prompt and output together are longer than the model's context.
  case longerThanContext(tokens: Int, context: Int)
  /// Even alone, its tokens need more blocks than the pool has.
  case largerThanPool(blocks: Int, pool: Int)
  /// A prompt of no tokens.
  case emptyPrompt

  public var sentence: String {
    switch self {
    case .longerThanContext(let tokens, let context): "\(tokens) tokens exceed the model's context of \(context)"
    case .largerThanPool(let blocks, let pool): "needs \(blocks) KV blocks, the pool has \(pool)"
    case .emptyPrompt: "the prompt is empty"
    }
  }
}

/// Why a request left.
public enum FinishReason: UInt8, Equatable, Sendable {
  /// It produced all the tokens it asked for.
  case outputLimit
  /// It filled the model's context.
  case contextLimit
  /// The model ended the text.
  case endOfText
  /// The client hung up.
  case aborted
}

/// Everything that can happen to requests. Metrics, findings and pictures are folds over these.
public enum EngineEvent: Equatable, Sendable {
  case arrived(RequestID)
  case rejected(RequestID, RejectionReason)
  /// Leaves the queue for the batch; `reused` tokens come from the prefix cache.
  case admitted(RequestID, reused: Int32)
  /// Loses its blocks and goes back to the queue.
  case preempted(RequestID, releasedBlocks: Int32, lostTokens: Int32)
  /// Tokens `first ..< first + count` were computed in this step; `emitted` new ones came out.
  case computed(RequestID, first: Int32, count: Int32, drafted: Int16, accepted: Int16, emitted: Int16)
  case finished(RequestID, FinishReason)
  /// An axis of the configuration was switched, by its names in the catalogue.
  case switched(axis: String, to: String)
}

/// What one step was, in numbers: a row of the steps CSV and a column of the timeline.
public struct StepRecord: Equatable, Sendable {
  public var step: StepIndex = 0
  public var start: EngineTime = .zero
  public var duration: EngineTime = .zero
  public var sequences: Int32 = 0
  /// Tokens of prompts (or of outputs lost to preemption) that were read.
  public var prefillTokens: Int32 = 0
  /// One for each sequence that decoded.
  public var decodeTokens: Int32 = 0
  public var draftTokens: Int32 = 0
  public var acceptedTokens: Int32 = 0
  /// Tokens that came out.
  public var emittedTokens: Int32 = 0
  /// Blocks named by some block table, after the step.
  public var usedBlocks: Int32 = 0
  /// Free blocks that still hold reusable content, after the step.
  public var cachedBlocks: Int32 = 0
  /// Requests in the batch and in the queue, after the step.
  public var running: Int32 = 0
  public var waiting: Int32 = 0
  public var preemptions: Int32 = 0
  /// Cached blocks that lost their content to a new use.
  public var evictedBlocks: Int32 = 0
  public var finished: Int32 = 0
  public var cost = StepCost()

  public init() {}
  public var end: EngineTime { start + duration }
}
