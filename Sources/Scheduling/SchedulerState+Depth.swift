import Core

/// Tokens on their way through the layers.
///
/// ```
///                 | under way |
/// layer 0   ██████ ███████████
/// layer 1   ██████ ███████████
/// layer 2   ██████             ◀ depth
/// layer 3   ██████
///           0     computed
/// ```
///
/// The blocks are there from the beginning; their keys and values come layer by layer, and only when all are there do
/// the tokens count as computed, and others find them.
extension SchedulerState {
  /// The tokens of a slot have come to a depth.
  public mutating func pass(_ slot: StepPlan.Slot, to depth: Depth) {
    let row = Int(slot.row)
    guard depth == .end else {
      if requests[row].underWay == 0 { underWay += 1 }
      requests[row].underWay = slot.count
      requests[row].depth = depth
      requests[row].isReading = true
      return
    }
    leaveWay(row)
    requests[row].advance(to: Int(slot.first) + Int(slot.count))
    filledSlots += Int(slot.count)
    publish(row, upTo: min(requests[row].computed, requests[row].known))
  }

  /// What a row's tokens had passed is behind them, or lost.
  mutating func leaveWay(_ row: Int) {
    guard requests[row].underWay > 0 else { return }
    underWay -= 1
    requests[row].underWay = 0
    requests[row].depth = .start
  }

  /// Tokens that are more than a step can take begin again.
  /// - Returns: Who had to turn back, how many tokens, and where.
  public mutating func turnBack(longerThan budget: Int) -> [(request: RequestID, count: Int32, depth: Depth)] {
    guard underWay > 0 else { return [] }
    var turned: [(RequestID, Int32, Depth)] = []
    for row in running.map(Int.init) where Int(requests[row].underWay) > budget {
      turned.append((requests[row].id, requests[row].underWay, requests[row].depth))
      leaveWay(row)
    }
    return turned
  }
}
