import Core

/// The decision of one step, as data: who computes which tokens, who lost its place, what it cost the pool.
public struct StepPlan: Equatable, Sendable {
  public struct Slot: Equatable, Sendable {
    public enum Entry: UInt8, Equatable, Sendable {
      /// It was in the batch before.
      case continued
      /// It leaves the queue for the first time.
      case admitted
      /// It leaves the queue after a preemption.
      case resumed
    }

    /// Row of the request table, and of the block tables.
    public var row: Int32
    public var request: RequestID
    public var entry: Entry
    /// It still had known tokens to read before this step.
    public var isReading: Bool
    /// Tokens computed before the step; for who leaves the queue, the prefix hit.
    public var first: Int32
    /// Tokens to compute, drafts included.
    public var count: Int32
    /// Drafts among them, the last ones.
    public var drafts: Int32
    public var draftsArePadding: Bool
    /// Its blocks in `StepPlan.blocks`: those of a prefix hit, then new ones.
    public var blocksStart: Int32
    public var hitBlocks: Int32
    public var newBlocks: Int32
    /// Of the new ones, those that are filled from host memory, the first; and in how many runs of neighbours they lie.
    public var hostBlocks: Int32 = 0
    public var hostRuns: Int32 = 0
    /// Of `count`, tokens whose keys and values come from chunks and are not computed; and blocks loaded for them.
    public var blended: Int32 = 0
    public var blendedBlocks: Int32 = 0
    /// What the device computes.
    public var computes: Int32 { count - blended }
    /// The part of the model that its tokens go through.
    public var from = Depth.start
    public var to = Depth.end

    public var isWhole: Bool { from == .start && to == .end }
  }

  /// Why no more requests left the queue.
  public enum AdmissionEnd: Equatable, Sendable {
    case queueEmpty
    /// The token budget of the step is spent.
    case tokenBudget
    /// The batch has as many requests as it may.
    case sequences
    /// The head's prompt does not fit into what is left of the budget, and may not be cut.
    case wholePrompt(tokens: Int, left: Int)
    /// The head needs more blocks than are free.
    case memory(needed: Int, free: Int)
    /// The head needs blocks side by side; more are free, but not so.
    case scattered(needed: Int, longest: Int, free: Int)
    /// The head would fit now, but not to its end beside the others.
    case peak(expected: Int, pool: Int)
    /// The policy lets nobody join now.
    case notTheirTurn
    /// Prompts may read no more tokens in this step.
    case promptTokens
    /// Someone was preempted in this step.
    case preemption
    /// Prompts are not read in this step.
    case heldBack
    /// Prompts are on their way through the layers, and no other begins before they are through.
    case layersTaken
    /// The batch is static and closed.
    case batchClosed
    /// Running requests decode alone.
    case decodesAlone
  }

  public var slots: [Slot] = []
  public var preempted: [Preemption] = []
  /// Who gives up keys and values before the step, in order.
  public var compactions: [Compaction] = []
  /// It may end before its slots are through their parts of the model: how far they come is known when it has ended.
  public var isInterruptible = false
  /// Block ids handed out in this step, in order.
  public var blocks: [BlockID] = []
  public var tokens = 0
  public var admissionEnd = AdmissionEnd.queueEmpty
  /// After planning, before the step has run.
  public var freeBlocks = 0
  public var running = 0
  public var waiting = 0
  /// Cached contents forgotten for the step's new blocks.
  public var evictedBlocks = 0
  /// Those of them that were copied to host memory.
  public var spilledBlocks = 0
  /// Blocks that were copied there as chunks.
  public var chunkBlocks = 0
  /// Free blocks that are of no use to the head of the queue because they do not lie side by side.
  public var strandedBlocks = 0

  /// Blocks copied to host memory and back.
  public var copiedBlocks: Int32 {
    var blocks = Int32(spilledBlocks + chunkBlocks)
    for preemption in preempted { blocks += preemption.copiedBlocks }
    for slot in slots { blocks += slot.hostBlocks + slot.blendedBlocks }
    return blocks
  }

  public struct Preemption: Equatable, Sendable {
    public var request: RequestID
    public var releasedBlocks: Int32
    public var lostTokens: Int32
    /// Blocks copied to host memory, the runs of neighbours among them, and tokens that it keeps there.
    public var copiedBlocks: Int32 = 0
    public var copiedRuns: Int32 = 0
    public var parkedTokens: Int32 = 0
    /// It needed more than was reserved for it.
    public var outgrew = false
    /// Tokens that were on their way through the layers, and how far they had come.
    public var underWay: Int32 = 0
    public var depth = Depth.start
  }

  public init() {}
}
