import Core

/// How a batch is cut, and which SMs kernels of each kind have: what is bound by arithmetic, decode attention, and
/// the collectives run in zones of their own, so one of each can run at a time.
///
///     SM 0 ──────── arithmetic ────────┤├─ collectives ─┤├─ decode attention ── last SM
///
/// Without a group of GPUs there are no collectives.
struct NanoSchedule: Equatable, Sendable {
  /// Nano-batches, 2 at least.
  var parts: Int
  /// SMs of decode attention, and of the collectives.
  var memory: Int
  var network: Int

  func arithmetic(of all: Int) -> Int { all - memory - network }

  func zone(of kind: KernelRun.Kind, in all: Int) -> Range<Int> {
    switch kind {
    case .attentionDecode: all - memory..<all
    case .allReduce: all - memory - network..<all - memory
    default: 0..<arithmetic(of: all)
    }
  }

  /// SMs of the zones that are not empty.
  func sizes(of all: Int) -> [Int] { [arithmetic(of: all), network, memory].filter { $0 > 0 } }

  /// NCCL runs a block on an SM for each of its channels, 24 between GPUs with direct links.
  static let networkSMs = 24

  /// What is tried: each number of nano-batches, decode attention on two to six elevenths of the SMs.
  static func candidates(upTo most: Int, on accelerator: Accelerator, ranks: Int) -> [NanoSchedule] {
    guard most >= 2 else { return [] }
    let all = accelerator.multiprocessors
    let network = ranks > 1 ? networkSMs : 0
    let shares = (2...6).compactMap { part in
      accelerator.divisions.min { abs(11 * $0 - part * all) < abs(11 * $1 - part * all) }
    }
    return (2...most).flatMap { parts in
      shares.filter { $0 + network < all }.map { NanoSchedule(parts: parts, memory: $0, network: network) }
    }
  }
}

extension Batch {
  /// Nano-batches of equal tokens: decodes are dealt out, prompts fill up in order and are cut where a nano-batch is full.
  /// The later part of a prompt reads the keys and values of the earlier one, which is ahead of it in every layer.
  ///
  /// - Returns: Those that are not empty; `parts` at most.
  func nanoBatches(_ parts: Int) -> [Batch] {
    var nano = [Batch](repeating: Batch(), count: parts)
    var tokens = [Int](repeating: 0, count: parts)
    var next = 0
    for slot in slots where slot.isDecode {
      nano[next].slots.append(slot)
      tokens[next] += Int(slot.count)
      next = (next + 1) % parts
    }
    let room = (tokenCount + parts - 1) / parts
    var place = 0
    for slot in slots where !slot.isDecode {
      var rest = slot
      while rest.count > 0 {
        while place < parts - 1, tokens[place] >= room { place += 1 }
        let count = place == parts - 1 ? Int(rest.count) : min(Int(rest.count), room - tokens[place])
        var part = rest
        part.count = Int32(count)
        part.samples = rest.samples && count == rest.count
        nano[place].slots.append(part)
        tokens[place] += count
        rest.first += Int32(count)
        rest.count -= Int32(count)
      }
    }
    return nano.filter { !$0.slots.isEmpty }
  }
}
