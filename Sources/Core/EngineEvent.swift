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
///
/// Cases that are rare and hold much are indirect: they would make every event as large as they are.
public enum EngineEvent: Equatable, Sendable {
  case arrived(RequestID)
  indirect case rejected(RequestID, RejectionReason)
  /// Leaves the queue for the batch; `reused` tokens come from the prefix cache.
  case admitted(RequestID, reused: Int32)
  /// Loses its blocks and goes back to the queue.
  case preempted(RequestID, releasedBlocks: Int32, lostTokens: Int32)
  /// Tokens `first ..< first + count` were computed in this step; `emitted` new ones came out.
  case computed(RequestID, first: Int32, count: Int32, drafted: Int16, accepted: Int16, emitted: Int16)
  /// Tokens `first ..< first + count` went through a part of the model, and are not computed yet.
  case passed(RequestID, first: Int32, count: Int32, from: Depth, to: Depth)
  /// Tokens on their way through the layers begin again: what they had passed was lost.
  case turnedBack(RequestID, count: Int32, at: Depth)
  case finished(RequestID, FinishReason)
  /// A preempted request's keys and values went to host memory: `blocks` were copied, `tokens` need not be computed again.
  case swappedOut(RequestID, blocks: Int32, tokens: Int32)
  /// Keys and values came back from host memory: `blocks` were copied.
  case swappedIn(RequestID, blocks: Int32)
  /// Keys and values of `dropped` tokens were given up, and those of `kept` stay; `freed` blocks went back to the pool.
  case compressed(RequestID, kept: Int32, dropped: Int32, freed: Int32)
  /// An axis of the configuration was switched, by its names in the catalogue.
  indirect case switched(axis: String, to: String)
  /// What a switch did with what was in flight.
  indirect case settled(axis: String, Settlement)
  /// Keys and values were brought into another format, before what the step computed.
  indirect case converted(KVConversion)
  /// Weights were loaded in another format, before what the step computed.
  indirect case reloaded(WeightReload)
  /// A request that arrived was sent to one of several instances, from 0.
  case routed(RequestID, to: Int16)
  /// Its first token came out, and another instance goes on with it. Its keys and values stay until they have been moved.
  case departed(RequestID)
  /// Its keys and values are where it goes on.
  indirect case moved(RequestID, KVMove)
}

/// How a request's keys and values went from one instance to another.
public struct KVMove: Equatable, Sendable {
  /// Instances, from 0. Equal where nothing had to be moved.
  public var source: Int16
  public var target: Int16
  /// Blocks that went over the link; what the target's prefix cache held did not.
  public var blocks: Int32
  /// Copies that were started for them.
  public var calls: Int32
  /// When its first token was out.
  public var ready: EngineTime
  /// When it had blocks at the target, and so asked for the link.
  public var granted: EngineTime
  /// When the link was its own, and when all had been moved.
  public var start: EngineTime
  public var end: EngineTime

  public init(
    source: Int, target: Int, blocks: Int, calls: Int, ready: EngineTime, granted: EngineTime, start: EngineTime, end: EngineTime
  ) {
    self.source = Int16(truncatingIfNeeded: source)
    self.target = Int16(truncatingIfNeeded: target)
    self.blocks = Int32(truncatingIfNeeded: blocks)
    self.calls = Int32(truncatingIfNeeded: calls)
    self.ready = ready
    self.granted = granted
    self.start = start
    self.end = end
  }
}

/// How a switch deals with the requests and the memory that the old choice left: state moves, or it drains.
public enum Settlement: Equatable, Sendable {
  /// Waiting requests were ordered anew.
  case reordered(requests: Int)
  /// Requests go on as they were begun; the new choice holds for those that are admitted from now on.
  case drains(requests: Int)
  /// Blocks that nothing was in went back to the pool at once.
  case returned(blocks: Int)
  /// Cached contents were given up.
  case forgotten(blocks: Int)
  /// Asynchronous scheduling was switched off.
  case synchronous
  /// Prompts on their way through the layers go through all that are left in their next step.
  case completes(requests: Int)
  /// Another number of blocks fits into the same memory; cached contents in blocks that are no more were given up.
  case resized(blocks: Int, from: Int, forgotten: Int)
  /// Batches under way end as they were begun, before others are put together otherwise.
  case lands(batches: Int)
  /// Requests are watched for so many tokens before they give anything up.
  case watches(requests: Int, tokens: Int)
  /// What requests gave up does not come back; they go on with what they kept.
  case incomplete(requests: Int)

  public var sentence: String {
    switch self {
    case .reordered(let requests): "\(requests) waiting requests ordered anew"
    case .drains(let requests): "\(requests) requests go on as they were begun"
    case .returned(let blocks): "\(blocks) reserved blocks went back to the pool"
    case .forgotten(let blocks): "\(blocks) cached contents given up"
    case .synchronous: "asynchronous scheduling is off now: a plan made ahead knows no drafts"
    case .completes(let requests): "\(requests) prompts go through the layers they have left at once"
    case .watches(let requests, let tokens): "\(requests) requests are watched for \(tokens) tokens first"
    case .incomplete(let requests): "\(requests) requests go on without what they gave up"
    case .resized(let blocks, let from, let forgotten):
      "the pool has \(blocks) blocks, it had \(from)" + (forgotten > 0 ? "; \(forgotten) cached contents given up" : "")
    case .lands(let batches): batches == 1 ? "the batch under way ends first" : "\(batches) batches under way end first"
    }
  }
}

/// What one step was, in numbers: a row of the steps CSV and a column of the timeline.
public struct StepRecord: Equatable, Sendable {
  public var step: StepIndex = 0
  /// Which of several engines took it, from 0.
  public var instance: Int16 = 0
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
  /// Blocks whose content was computed again after it had lately been evicted.
  public var recomputedBlocks: Int32 = 0
  public var finished: Int32 = 0
  /// Token slots of the blocks that tables name, and those of them with a token, after the step. A shared block
  /// counts once for each table.
  public var heldSlots: Int32 = 0
  public var filledSlots: Int32 = 0
  /// Tokens of running requests whose keys and values were given up, after the step.
  public var droppedTokens: Int32 = 0
  /// Free blocks that the head of the queue could not use because they do not lie side by side.
  public var strandedBlocks: Int32 = 0
  /// Blocks copied to host memory and back.
  public var swappedBlocks: Int32 = 0
  /// Time of those copies that nothing hid.
  public var transfer = EngineTime.zero
  /// Time of guessing for the next step.
  public var drafting = EngineTime.zero
  /// Where batches run side by side: the lane whose batch ended (−1 when the step ended for an arrival), the SMs it had,
  /// and batches still under way after the step.
  public var lane: Int32 = 0
  public var share: Int32 = 0
  public var flights: Int32 = 0
  /// Time in which a stage of a pipeline had no work while another had, on average over stages.
  public var bubble = EngineTime.zero
  public var cost = StepCost()

  public init() {}
  public var end: EngineTime { start + duration }
}
