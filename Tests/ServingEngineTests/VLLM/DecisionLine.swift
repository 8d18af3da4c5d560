import Core
import Foundation
import KVMemory
import Scheduling
import ServingEngine

/// A line of a recording's `steps.jsonl`: everything the scheduler decided in one step.
struct DecisionLine: Decodable, Equatable {
  struct Entry: Decodable, Equatable {
    var i: Int
    var c: Int
    var k: String?
    var t: Int?
    var s: Int?
    var h: [Int32]?
    var b: [Int32]?
    var d: Int?
    var a: Int?
  }

  var step: Int
  var t0: Int
  var t1: Int
  var add: [Int]?
  var abort: [Int]?
  var tok: Int?
  var sched: [Entry]?
  var pre: [Int]?
  var fin: [Int]?
  var free: [Int]?
  var run: [Int]?
  var wait: [Int]?
  var head: Int?
  var hashes: Int?
  var fq: UInt32?
  var idle: Bool?

  /// What our engine did, in the recording's words. `indices` gives the recording's number of each request.
  init(_ report: StepReport, after engine: Engine, indices: [Int]) {
    let plan = report.plan
    func numbers(_ pick: (EngineEvent) -> RequestID?) -> [Int]? {
      let picked = report.events.compactMap(pick).map { indices[$0.index] }
      return picked.isEmpty ? nil : picked
    }
    step = report.record.step
    t0 = Int(report.record.start.nanoseconds / 1_000)
    t1 = Int(report.record.end.nanoseconds / 1_000)
    add = numbers { if case .arrived(let id) = $0 { id } else { nil } }
    abort = numbers { if case .finished(let id, .aborted) = $0 { id } else { nil } }
    let scheduler = engine.state.scheduler
    let memory = scheduler.memory
    guard report.outcome.duration > .zero else {
      // Everything alive hung up before it could run: nothing was scheduled, and an empty list is written out.
      idle = true
      add = add ?? []
      tok = 0
      sched = []
      free = [memory.pool.freeCount, memory.pool.freeCount]
      run = [0, 0]
      wait = [0, 0]
      return  // The recording does not look at the cache here.
    }
    tok = plan.tokens
    sched = zip(plan.slots, report.outcome.slots).map { slot, result in
      let start = Int(slot.blocksStart)
      let hits = plan.blocks[start..<start + Int(slot.hitBlocks)]
      let fresh = plan.blocks[start + Int(slot.hitBlocks)..<start + Int(slot.hitBlocks) + Int(slot.newBlocks)]
      return Entry(
        i: indices[slot.request.index], c: Int(slot.first),
        k: slot.entry == .admitted ? "n" : slot.entry == .resumed ? "r" : nil,
        t: slot.count == 1 ? nil : Int(slot.count), s: result.emitted == 1 ? nil : Int(result.emitted),
        h: hits.isEmpty ? nil : Array(hits), b: fresh.isEmpty ? nil : Array(fresh),
        d: slot.drafts == 0 ? nil : Int(slot.drafts), a: slot.drafts == 0 ? nil : Int(result.accepted))
    }
    pre = plan.preempted.isEmpty ? nil : plan.preempted.map { indices[$0.request.index] }
    fin = numbers {
      if case .finished(let id, let reason) = $0, reason != .aborted { id } else { nil }
    }
    var waiting = scheduler.waiting
    free = [plan.freeBlocks, memory.pool.freeCount]
    run = [plan.running, scheduler.running.count]
    wait = [plan.waiting, scheduler.waiting.count]
    head = waiting.head().map { indices[scheduler.requests[$0].id.index] }
    if memory.reusesPrefixes { hashes = memory.index.contentCount }
    if memory.pool.blockCount <= 8_192 { fq = crc32(of: memory.pool.freeList) }
  }
}

/// CRC-32 (ISO 3309, as zlib's) of block ids, four bytes each, least significant first.
func crc32(of blocks: [BlockID]) -> UInt32 {
  var crc: UInt32 = 0xffff_ffff
  for block in blocks {
    for shift in stride(from: 0, through: 24, by: 8) {
      crc = crcTable[Int((crc ^ UInt32(bitPattern: block) >> UInt32(shift)) & 0xff)] ^ crc >> 8
    }
  }
  return ~crc
}

private let crcTable: [UInt32] = (0..<256).map { byte in
  (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? 0xedb8_8320 ^ crc >> 1 : crc >> 1 }
}
