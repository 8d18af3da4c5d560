import Core
import KVMemory

/// Reuse of chunks outside the prefix.
extension Pass {
  /// Of `positions`, how many need not be computed.
  func blended(_ row: Int, _ positions: Range<Int>, _ state: SchedulerState) -> (tokens: Int, blocks: Int) {
    let (tokens, blocks) = state.memory.chunkTokens(row, in: positions)
    return (tokens * (100 - recomputedShare) / 100, blocks)
  }

  /// The most of `want` tokens from `first` on that compute no more than `room`, block by block.
  func stretch(_ row: Int, from first: Int, want: Int, _ state: SchedulerState) -> Int {
    if want - blended(row, first..<first + want, state).tokens <= room { return want }
    var least = min(want, room)
    var most = want
    while least < most {
      let middle = (least + most + 1) / 2
      if middle - blended(row, first..<first + middle, state).tokens <= room { least = middle } else { most = middle - 1 }
    }
    return least
  }

  func blend(_ slot: inout StepPlan.Slot, _ state: SchedulerState) {
    let (tokens, blocks) = blended(Int(slot.row), Int(slot.first)..<Int(slot.first + slot.count), state)
    (slot.blended, slot.blendedBlocks) = (Int32(tokens), Int32(blocks))
  }
}
