import Core

extension Digest {
  /// Folds a step in: its events, when it ended, and what it left in memory.
  mutating func fold(_ events: [EngineEvent], _ record: StepRecord, instance: Int? = nil) {
    if let instance { fold(UInt64(instance)) }
    for event in events {
      // Nearly all are of this kind, and it owns nothing.
      if case .computed(let id, let first, let count, let drafted, let accepted, let emitted) = event {
        fold(
          5, id,
          UInt64(UInt32(first)) << 32 ^ UInt64(UInt32(count)) << 12
            ^ UInt64(UInt16(drafted)) << 8 ^ UInt64(UInt16(accepted)) << 4 ^ UInt64(UInt16(emitted)))
      } else {
        fold(rare: event)
      }
    }
    fold(UInt64(bitPattern: Int64(record.step)))
    fold(UInt64(bitPattern: record.end.nanoseconds))
    fold(UInt64(UInt32(bitPattern: record.usedBlocks)) << 32 | UInt64(UInt32(bitPattern: record.cachedBlocks)))
  }

  private mutating func fold(rare event: EngineEvent) {
    switch event {
    case .arrived(let id): fold(1, id)
    case .rejected(let id, let reason):
      fold(2, id)
      fold(reason.sentence)
    case .admitted(let id, let reused): fold(3, id, UInt64(reused))
    case .preempted(let id, let released, let lost): fold(4, id, UInt64(released) << 32 | UInt64(lost))
    case .computed: break
    case .passed(let id, let first, let count, let from, let to):
      fold(11, id, UInt64(UInt32(first)) << 32 | UInt64(UInt32(count)))
      fold(from)
      fold(to)
    case .turnedBack(let id, let count, let depth):
      fold(12, id, UInt64(UInt32(count)))
      fold(depth)
    case .finished(let id, let reason): fold(6, id, UInt64(reason.rawValue))
    case .switched(let axis, let to):
      fold(7)
      fold(axis)
      fold(to)
    case .swappedOut(let id, let blocks, let tokens): fold(8, id, UInt64(blocks) << 32 | UInt64(tokens))
    case .swappedIn(let id, let blocks): fold(9, id, UInt64(blocks))
    case .settled(let axis, let settlement):
      fold(10)
      fold(axis)
      fold(settlement.sentence)
    case .compressed(let id, let kept, let dropped, let freed):
      fold(14, id, UInt64(UInt32(kept)) << 32 | UInt64(UInt32(dropped)))
      fold(UInt64(UInt32(freed)))
    case .converted(let conversion):
      fold(15)
      fold(conversion.sentence)
      fold(UInt64(conversion.bytes))
      fold(UInt64(bitPattern: conversion.duration.nanoseconds))
    case .reloaded(let reload):
      fold(16)
      fold(reload.sentence)
      fold(UInt64(reload.bytes))
      fold(UInt64(bitPattern: reload.duration.nanoseconds))
    case .routed(let id, let instance): fold(13, id, UInt64(UInt16(bitPattern: instance)))
    case .departed(let id): fold(11, id)
    case .moved(let id, let move):
      fold(12, id, UInt64(UInt32(bitPattern: move.blocks)) << 32 | UInt64(UInt32(bitPattern: move.calls)))
      fold(UInt64(bitPattern: Int64(move.start.nanoseconds)))
      fold(UInt64(bitPattern: Int64(move.end.nanoseconds)))
    }
  }

  private mutating func fold(_ depth: Depth) { fold(depth == .end ? .max : UInt64(depth.layers) << 16 | UInt64(depth.operators)) }

  private mutating func fold(_ kind: UInt64, _ id: RequestID, _ word: UInt64 = 0) {
    fold(kind << 32 | UInt64(UInt32(bitPattern: id.number)))
    if kind > 2 { fold(word) }
  }
}
