/// The work order of one step: which requests compute which of their tokens.
public struct Batch: Equatable, Sendable {
  public struct Slot: Equatable, Sendable {
    public var request: RequestID
    /// The first position computed; the tokens before it were computed in earlier steps.
    public var first: Int32
    /// Tokens computed in the step, drafts included.
    public var count: Int32
    /// How many of `count` are drafts to be verified; they are the last ones.
    public var drafts: Int32
    /// True when drafts only fill the batch's shape and never stand (vLLM pads a lone token so).
    public var draftsArePadding: Bool
    /// Tokens of the prompt.
    public var promptCount: Int32
    /// Output tokens the request has before the step.
    public var outputs: Int32
    /// False for a chunk of a prompt that does not reach the last known token: nothing is sampled then.
    public var samples: Bool
    /// Index into the labels of the trace.
    public var label: UInt16
    /// Of the tokens before, those whose keys and values were given up: position p lies in slot `p − dropped`.
    public var dropped: Int32

    public init(
      request: RequestID, first: Int, count: Int, drafts: Int = 0, draftsArePadding: Bool = false,
      promptCount: Int, outputs: Int, samples: Bool, label: UInt16 = 0, dropped: Int = 0
    ) {
      self.request = request
      self.first = Int32(truncatingIfNeeded: first)
      self.count = Int32(truncatingIfNeeded: count)
      self.drafts = Int32(truncatingIfNeeded: drafts)
      self.draftsArePadding = draftsArePadding
      self.promptCount = Int32(truncatingIfNeeded: promptCount)
      self.outputs = Int32(truncatingIfNeeded: outputs)
      self.samples = samples
      self.label = label
      self.dropped = Int32(truncatingIfNeeded: dropped)
    }

    /// Tokens whose keys and values are in memory before the step.
    @inlinable public var held: Int { Int(first) - Int(dropped) }
    /// Keys and values that attention reads: what is held, and the step's own.
    @inlinable public var context: Int { held + Int(count) }
    /// One new token after a computed context (or that token and its drafts).
    @inlinable public var isDecode: Bool { count - drafts == 1 && first > 0 && first >= promptCount - 1 }
  }

  /// What a slot computes, and where, for devices whose tokens are real.
  public struct Content: Equatable, Sendable {
    /// The tokens at positions `first ..< first + count`, drafts last. Empty when the request has left since the step was
    /// planned: then nobody wants what they give.
    public var tokens: [TokenID]
    /// The request's blocks; slot `s` lies in number `s / tokensPerBlock`.
    public var table: [BlockID]
    /// The tokens at positions `0 ..< first`, for requests of which the device asked to know them; else empty.
    public var before: [TokenID] = []
    /// How the drafts follow one another; nil where each follows the one before it.
    public var tree: TokenTree?

    public init(tokens: [TokenID], table: [BlockID], before: [TokenID] = [], tree: TokenTree? = nil) {
      self.tokens = tokens
      self.table = table
      self.before = before
      self.tree = tree
    }
  }

  /// Keys and values that several decodes have in common, in the same blocks: attention reads them once for all.
  ///
  /// Parts nest as a tree does: first all that begin alike, then those of them that go on alike. A part comes before
  /// those inside it.
  public struct SharedPart: Equatable, Sendable {
    /// Slots of the keys; whole blocks, computed before the step.
    public var positions: Range<Int>
    /// Numbers of the slots, at least two, ascending.
    public var slots: [Int]
    /// Parts that it lies in.
    public var depth: Int

    public init(positions: Range<Int>, slots: [Int], depth: Int) {
      self.positions = positions
      self.slots = slots
      self.depth = depth
    }
  }

  /// The part of the model that a slot's tokens go through in the step. What lies before it was computed in earlier steps,
  /// and the tokens' keys and values there are in memory.
  public struct Passage: Equatable, Sendable {
    /// Index of the slot.
    public var slot: Int32
    public var from: Depth
    public var to: Depth

    public init(slot: Int, from: Depth, to: Depth) {
      self.slot = Int32(slot)
      self.from = from
      self.to = to
    }
  }

  public var slots: [Slot]
  /// One for each slot, where the device reads tokens; nil for a device that needs counts only.
  public var contents: [Content]?
  /// Empty where every sequence reads its own context whole.
  public var shared: [SharedPart] = []
  /// Which keys attention leaves out; nil where it reads whole contexts.
  public var sparse: SparseAttention?
  /// Of slots that do not go through the whole model, in their order.
  public var passages: [Passage] = []
  /// What is given up and watched; nil where everything is kept.
  public var retaining: Retaining?
  /// Since the start of the step: it ends with the first operator that ends then or later, if the model goes on after it.
  public var interruption: EngineTime?

  public init(slots: [Slot] = [], contents: [Content]? = nil) {
    self.slots = slots
    self.contents = contents
  }

  /// Some of the slots, what they have in common, and what is given up before the step.
  public func part(_ isHere: [Bool]) -> Batch {
    var batch = Batch()
    batch.sparse = sparse
    var places: [Int?] = []
    for (slot, isHere) in zip(slots, isHere) {
      places.append(isHere ? batch.slots.count : nil)
      if isHere { batch.slots.append(slot) }
    }
    for var part in shared {
      part.slots = part.slots.compactMap { places[$0] }
      batch.shared.append(part)
    }
    batch.retaining = retaining
    return batch
  }

  /// Tokens computed in the step.
  public var tokenCount: Int { slots.reduce(0) { $0 + Int($1.count) } }
}

/// What came back from a device.
public struct BatchOutcome: Equatable, Sendable {
  public struct Slot: Equatable, Sendable, Codable {
    /// Drafts that stand.
    public var accepted: Int32
    /// Tokens emitted: 0 for a prompt chunk that samples nothing, else `accepted + 1`.
    public var emitted: Int32

    public init(accepted: Int, emitted: Int) {
      self.accepted = Int32(truncatingIfNeeded: accepted)
      self.emitted = Int32(truncatingIfNeeded: emitted)
    }
  }

  /// One for each slot of the batch, in its order.
  public var slots: [Slot]
  /// Emitted tokens of all slots, in order of the slots.
  public var tokens: [TokenID]
  public var duration: EngineTime
  public var cost: StepCost
  /// How far all slots came when the step was interrupted; nil when it was not.
  public var stopped: Depth?
  /// What was measured beyond the totals; nil where durations come from equations.
  public var measurement: Measurement?
  /// Guessed after the step, for the next one.
  public var drafts: [Draft] = []
  /// Of slots whose drafts were verified, in their order, where the device can look into the model.
  public var judgements: [Judgement] = []
  /// The part of `duration` that guessing took; it comes last.
  public var drafting = EngineTime.zero
  /// What was done to keys and values before the step; its time is part of `duration`.
  public var conversion: KVConversion?
  /// What was done to the weights before the step; its time is part of `duration`.
  public var reload: WeightReload?
  /// Of requests that were computed with an exact cache too.
  public var deviations: [Deviation] = []
  /// How long that took, beside `duration`.
  public var shadowing = EngineTime.zero

  public init(
    slots: [Slot], tokens: [TokenID], duration: EngineTime, cost: StepCost = StepCost(), stopped: Depth? = nil,
    measurement: Measurement? = nil
  ) {
    self.slots = slots
    self.tokens = tokens
    self.duration = duration
    self.cost = cost
    self.stopped = stopped
    self.measurement = measurement
  }
}

/// What a device that measures saw of a step.
public struct Measurement: Equatable, Sendable {
  /// One for each kind of kernel, all layers together, in the order of a layer.
  public var kernels: [KernelRun]
  /// Of each thread, the part of the step in which it computed; 0...1.
  public var threadsBusy: [Double]
  /// The part of dense attention's weight that fell on keys that were read, 0...1, mean over sequences, heads and layers; nil
  /// where attention read all, or it was not measured in this step.
  public var keptShare: Double?

  public init(kernels: [KernelRun], threadsBusy: [Double]) {
    self.kernels = kernels
    self.threadsBusy = threadsBusy
  }
}

/// What a step did to the chip, as totals: of one GPU where several do the same, but for the energy.
public struct StepCost: Equatable, Sendable, Codable {
  /// Floating-point operations (a multiply-add counts two).
  public var operations: Double = 0
  /// Bytes read from and written to device memory.
  public var bytes: Double = 0
  /// Fraction of the step during which SMs had work, averaged over SMs, 0...1; nil where there are none.
  public var smBusy: Double?
  /// Fraction of the step during which SMs were idle because a kernel's last wave of tiles did not fill them, averaged
  /// over SMs, 0...1; nil where there are none.
  public var tailIdle: Double?
  /// Fraction of the tensor cores' peak used, 0...1; nil where there are none.
  public var tensorBusy: Double?
  /// Fraction of the memory bandwidth used, 0...1; nil where the machine's is not known.
  public var bandwidthBusy: Double?
  /// Joules of all GPUs together; nil when the device has no statement about power.
  public var energy: Double?

  public init() {}

  /// This cost of `duration`, and then another. Of fractions the time-weighted mean; where one side does not state
  /// something, nothing is stated of the sum.
  public func followed(by other: StepCost, after duration: EngineTime, lasting otherDuration: EngineTime) -> StepCost {
    let (own, theirs) = (duration.seconds, otherDuration.seconds)
    guard theirs > 0 else { return self }
    func mean(_ left: Double?, _ right: Double?) -> Double? {
      guard let left, let right else { return nil }
      return (left * own + right * theirs) / (own + theirs)
    }
    var sum = StepCost()
    sum.operations = operations + other.operations
    sum.bytes = bytes + other.bytes
    sum.smBusy = mean(smBusy, other.smBusy)
    sum.tailIdle = mean(tailIdle, other.tailIdle)
    sum.tensorBusy = mean(tensorBusy, other.tensorBusy)
    sum.bandwidthBusy = mean(bandwidthBusy, other.bandwidthBusy)
    if let energy, let more = other.energy { sum.energy = energy + more }
    return sum
  }
}
