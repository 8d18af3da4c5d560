import Core

/// A moment worth going back to: what the timeline marks and `[` `]` visit.
public struct Mark: Equatable, Sendable {
  public enum Kind: Equatable, Sendable {
    case preempted(RequestID, lostTokens: Int)
    case rejected(RequestID, RejectionReason)
    /// Many cached blocks lost their content.
    case evicted(blocks: Int)
    case missed(SLOMiss)
    case switched(axis: String, from: String?, to: String)
    /// What a switch took: keys and values were converted, or weights loaded.
    case told(String)
    case found(finding: String, sentence: String)
  }

  public var step: StepIndex
  public var time: EngineTime
  /// The first of its kind; lost tokens and evicted blocks are sums over the repeats.
  public var kind: Kind
  /// How often it happened up to `lastStep`.
  public var count = 1
  public var lastStep: StepIndex

  public init(step: StepIndex, time: EngineTime, kind: Kind) {
    self.step = step
    self.time = time
    self.kind = kind
    lastStep = step
  }
}

/// Marks in order of steps. Repeats of one kind within a few steps are one mark.
public struct MarkLog: Sendable {
  /// Steps after the last repeat in which another one joins it.
  public static let reach = 8

  public private(set) var marks = ChunkedLog<Mark>()
  /// Index of the last mark of each kind that repeats; -1 for none.
  private var last = [-1, -1, -1, -1, -1]

  public init() {}

  public mutating func add(_ mark: Mark) {
    let slot = mark.kind.slot
    if let slot {
      let index = last[slot]
      if index >= 0, marks[index].kind.absorbs(mark.kind), mark.step - marks[index].lastStep <= Self.reach {
        marks[index].count += mark.count
        marks[index].lastStep = mark.step
        marks[index].kind.join(mark.kind)
        return
      }
    }
    marks.append(mark)
    if let slot { last[slot] = marks.count - 1 }
  }

  /// The first mark that begins after `step`.
  public func next(after step: StepIndex) -> Mark? {
    let index = lowerBound(step + 1)
    return index < marks.count ? marks[index] : nil
  }

  /// The last mark that begins before `step`.
  public func previous(before step: StepIndex) -> Mark? {
    let index = lowerBound(step)
    return index > 0 ? marks[index - 1] : nil
  }

  /// The marks that begin in `steps`, oldest first.
  public func marks(in steps: Range<StepIndex>) -> Slice<ChunkedLog<Mark>> {
    marks[lowerBound(steps.lowerBound)..<lowerBound(steps.upperBound)]
  }

  /// Index of the first mark at `step` or later.
  private func lowerBound(_ step: StepIndex) -> Int {
    var (low, high) = (0, marks.count)
    while low < high {
      let middle = (low + high) / 2
      if marks[middle].step < step { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Mark.Kind {
  /// Which of the repeating kinds it is; nil for those that stand alone.
  fileprivate var slot: Int? {
    switch self {
    case .preempted: 0
    case .rejected: 1
    case .evicted: 2
    case .missed(let miss): miss.quantity == .ttft ? 3 : 4
    case .switched, .told, .found: nil
    }
  }

  /// Rejections for different reasons stay apart: their sentences differ.
  fileprivate func absorbs(_ other: Self) -> Bool {
    if case .rejected(_, let reason) = self, case .rejected(_, let another) = other { return reason.isLike(another) }
    return true
  }

  fileprivate mutating func join(_ other: Self) {
    switch (self, other) {
    case (.preempted(let request, let lost), .preempted(_, let more)): self = .preempted(request, lostTokens: lost + more)
    case (.evicted(let blocks), .evicted(let more)): self = .evicted(blocks: blocks + more)
    default: break
    }
  }
}

extension RejectionReason {
  fileprivate func isLike(_ other: Self) -> Bool {
    switch (self, other) {
    case (.longerThanContext, .longerThanContext), (.largerThanPool, .largerThanPool), (.emptyPrompt, .emptyPrompt): true
    default: false
    }
  }
}
