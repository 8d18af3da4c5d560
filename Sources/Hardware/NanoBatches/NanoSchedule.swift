import Core

/// Into how many nano-batches a batch is cut, and how many SMs kernels have that do not compute much: decode attention, which
/// streams keys and values, and collectives, which wait for the link.
///
///     SM 0 ──────── products and the rest ────────┤├─ collectives ─┤├─ decode attention ── last SM
///
/// One kernel of each of the three kinds runs at a time. What computes takes all SMs but those on which one of the other kinds
/// runs, or would run at once.
struct NanoSchedule: Equatable, Sendable {
  /// Nano-batches, 2 at least.
  var parts: Int
  /// SMs of decode attention.
  var memory: Int
  /// SMs of collectives; 0 without a group of GPUs.
  var network: Int

  enum Resource: Int, CaseIterable { case arithmetic, memory, network }

  static func resource(of kind: KernelRun.Kind) -> Resource {
    switch kind {
    case .attentionDecode: .memory
    case .allReduce: .network
    default: .arithmetic
    }
  }

  /// SMs of a kernel beside those of the `reserved` kinds.
  func multiprocessors(for resource: Resource, of all: Int, memory isTaken: Bool, network isUsed: Bool) -> Int {
    switch resource {
    case .arithmetic: all - (isTaken ? memory : 0) - (isUsed ? network : 0)
    case .memory: memory
    case .network: network
    }
  }

  /// All numbers of SMs that kernels may have.
  func sizes(of all: Int) -> [Int] {
    var sizes: [Int] = []
    for size in [all, all - network, all - memory, all - memory - network, memory, network] where size > 0 {
      if !sizes.contains(size) { sizes.append(size) }
    }
    return sizes
  }

  /// NCCL runs a block on an SM for each of its channels, 24 between GPUs with direct links.
  static let networkSMs = 24

  /// What is tried: each number of nano-batches, decode attention on two to five elevenths of the SMs.
  static func candidates(upTo most: Int, on accelerator: Accelerator, ranks: Int) -> [NanoSchedule] {
    guard most >= 2 else { return [] }
    let all = accelerator.multiprocessors
    let network = ranks > 1 ? networkSMs : 0
    let shares = (2...5).compactMap { part in
      accelerator.divisions.min { abs(11 * $0 - part * all) < abs(11 * $1 - part * all) }
    }
    return (2...most).flatMap { parts in
      shares.filter { $0 + network < all }.map { NanoSchedule(parts: parts, memory: $0, network: network) }
    }
  }
}

extension Batch {
  /// Nano-batches of equal tokens: decodes are dealt out, prompts fill up in order and are cut where a nano-batch is full.
  /// The later part of a prompt reads the keys and values of the earlier one, which is ahead of it in every layer. What
  /// decodes have in common, each nano-batch reads once.
  ///
  /// - Returns: Those that are not empty; `parts` at most.
  func nanoBatches(_ parts: Int) -> [Batch] {
    var empty = Batch()
    empty.sparse = sparse
    var nano = [Batch](repeating: empty, count: parts)
    var tokens = [Int](repeating: 0, count: parts)
    var next = 0
    // Of decodes, the nano-batch and the place in it.
    var places = [(nano: Int, slot: Int)?](repeating: nil, count: slots.count)
    for (number, slot) in slots.enumerated() where slot.isDecode {
      places[number] = (next, nano[next].slots.count)
      nano[next].slots.append(slot)
      tokens[next] += Int(slot.count)
      next = (next + 1) % parts
    }
    for part in shared {
      for number in nano.indices {
        let members = part.slots.compactMap { places[$0]?.nano == number ? places[$0]?.slot : nil }
        if !members.isEmpty { nano[number].shared.append(SharedPart(positions: part.positions, slots: members, depth: part.depth)) }
      }
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
    // Everybody watches his own; what is moved is moved once.
    for number in nano.indices {
      nano[number].retaining = retaining
      if number > 0 { nano[number].retaining?.compactions = [] }
    }
    return nano.filter { !$0.slots.isEmpty }
  }
}
