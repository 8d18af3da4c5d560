import Core
import KVMemory

/// Absorbing what a device computed.
extension SchedulerState {
  /// False when the request has left since it was planned, whoever has its row now.
  @inlinable @inline(__always)
  public func isAlive(_ id: RequestID, row: Int) -> Bool {
    requests[row].id == id && requests[row].phase != .left
  }

  /// Appends what came out and takes back what did not stand.
  ///
  /// A request that was preempted while its token was in flight gets the token too; when it was its last,
  /// the request leaves the queue.
  /// - Parameters:
  ///   - tokens: What the request's part of the step gave, at least one.
  ///   - end: How many of them there are up to the one that ends the text; nil when none does.
  ///   - longest: Tokens of the model's context.
  ///   - time: When they had come out.
  /// - Returns: How many tokens were kept, and whether the request has now reached its end or a limit.
  public mutating func absorb(
    row: Int, rejected: Int, tokens: Span<TokenID>, end: Int? = nil, longest: Int, at time: EngineTime = .zero
  ) -> (kept: Int, finish: FinishReason?) {
    let (kept, finish, computed) = requests[row].absorb(tokens, rejected: rejected, end: end, longest: longest, at: time)
    if let computed {
      filledSlots -= rejected + tokens.count - kept
      publish(row, upTo: computed)
    } else if finish != nil {
      waiting.remove(requests[row].id)
    }
    return (kept, finish)
  }

  /// Makes the blocks of a row that are full up to `tokens` findable.
  @inline(__always)
  mutating func publish(_ row: Int, upTo tokens: Int) {
    // In full, not asked of memory: this is done for every request in every step.
    guard memory.reusesPrefixes, (memory.tables[row].published + 1) * memory.tokensPerBlock <= tokens else { return }
    memory.publish(row, request: requests[row], upTo: tokens)
  }
}

// One access of the table of requests for all that a step does to one of them.
extension Request {
  /// - Returns: How many tokens were kept, whether that was the end, and how many are computed and sampled for good; nil
  ///   while it does not run.
  @inline(__always)
  fileprivate mutating func absorb(
    _ tokens: Span<TokenID>, rejected: Int, end: Int?, longest: Int, at time: EngineTime
  ) -> (kept: Int, finish: FinishReason?, computed: Int?) {
    inFlight -= 1
    let room = min(outputLimit - output.count, longest - known)
    let endsText = end.map { $0 <= room } ?? false
    let kept = endsText ? end! : min(tokens.count, room)
    if output.isEmpty { firstToken = time }
    for position in 0..<kept { output.append(tokens[position]) }
    var settled: Int?
    if phase == .running {
      computed -= rejected + tokens.count - kept
      settled = computed - inFlight
    }
    guard kept == room || endsText else { return (kept, nil, settled) }
    return (kept, endsText ? .endOfText : output.count >= outputLimit ? .outputLimit : .contextLimit, settled)
  }

  /// Tokens up to `position` are computed, or will be when the step planned has ended: that gives it a token unless known ones
  /// are left.
  @inline(__always)
  mutating func advance(to position: Int) {
    computed = position
    isReading = position < known + inFlight
    if !isReading { inFlight += 1 }
  }
}
