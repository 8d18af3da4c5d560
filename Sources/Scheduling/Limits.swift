import Core

/// What a step may not exceed. Names are vLLM's in Swift dress; defaults are vLLM's.
public struct Limits: Equatable, Sendable {
  /// Tokens computed in a step (`--max-batched-tokens`).
  public var maxBatchedTokens = 2048
  /// Requests in the batch (`--max-seqs`).
  public var maxSequences = 256
  /// Tokens of prompt and output together: the model's context.
  public var maxModelLength = 131_072
  /// False: a prompt is read whole in one step or not yet.
  public var chunksPrefill = true
  /// A prompt's chunk is cut to this while others live; 0 is no cut.
  public var longPrefillThreshold = 0
  /// Raises the threshold to an equal share of the budget.
  public var longPrefillThresholdAdapts = false
  /// A request is admitted only when all its known tokens would fit in the free blocks.
  public var reservesFullPrompt = true
  /// Share of all blocks that an admission must leave free while others run.
  public var watermark = 0.0
  /// Prompts are read in every n-th step only.
  public var prefillInterval = 1
  public var speculation = SpeculationLimits()

  public init() {}
}

/// How drafts change the arithmetic of tokens and blocks.
public struct SpeculationLimits: Equatable, Sendable {
  /// Drafts a step may verify for one request; 0 is no speculation.
  public var maxDrafts = 0
  /// Slots reserved beyond the tokens of a step, for a drafter that writes its own keys and values.
  public var lookahead = 0
  /// Rows of the drafter's input that a request costs beyond its tokens.
  public var draftSlots = 0
  /// Tokens after a block that its content hash covers too.
  public var hashLookahead = 0
  /// The last block of a prefix hit is computed again.
  public var dropsLastHitBlock = false

  public init() {}
}
