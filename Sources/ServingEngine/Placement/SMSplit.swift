import Core
import Hardware

/// How the SMs of a GPU are divided between prompts and decodes that run side by side, each with batches of its own.
///
///     SM 0 ────────────── prompts ──────────────┤├────── decodes ────── last SM
///
/// There is one copy of the weights and one KV pool, so a prompt's request decodes where its keys and values are. A batch
/// keeps its SMs to its end; a division holds for what begins after it, as far as SMs are free.
protocol SMSplit: Sendable {
  static var descriptor: Descriptor { get }
  init(_ values: [Int])
  /// As it is chosen.
  var choice: Choice { get }
  /// It adapts to the promised TTFT and TPOT.
  static var needsTargets: Bool { get }
  /// SMs without work stay with their phase; otherwise a phase that is alone has them all.
  static var keepsShares: Bool { get }
  /// SMs for prompts, out of `lanes.shares`; the rest is for decodes.
  mutating func promptShare(_ moment: SplitMoment) -> Int
  /// After the end of each batch.
  mutating func observe(_ landing: SplitLanding)
}

extension SMSplit {
  static var needsTargets: Bool { false }
  static var keepsShares: Bool { true }
  mutating func observe(_ landing: SplitLanding) {}
}

/// What is known when SMs are divided.
struct SplitMoment {
  /// Which begin now or are under way; empty where there are none.
  var prompts: Batch
  var decodes: Batch
  /// Part of the KV blocks that tables name, 0...1.
  var usedMemory: Double
  var lanes: any BatchLanes

  var multiprocessors: Int { lanes.multiprocessors ?? 0 }

  /// The share nearest to a part of the GPU.
  func share(nearestTo part: Double) -> Int {
    let wanted = part * Double(multiprocessors)
    return lanes.shares.min { abs(Double($0) - wanted) < abs(Double($1) - wanted) } ?? multiprocessors
  }
}

/// What the end of a batch tells.
struct SplitLanding {
  /// Waits of the requests whose first token it gave, as parts of what is promised.
  var ttft: [Double] = []
  /// The time of a batch of decodes, as a part of what is promised between tokens; nil for prompts.
  var tpot: Double?
}
