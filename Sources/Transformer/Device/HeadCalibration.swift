public import Core

/// How much each key head of a model looks beyond the first tokens and the last ones, measured.
public struct HeadScores: Equatable, Sendable {
  public let layers: Int
  public let kvHeads: Int
  /// Of layer · kvHeads + head: the relative error of what the layer's attention gives when the queries of this head alone see
  /// the sinks and the window only: ‖o − õ‖ ÷ ‖o of all heads‖, root of mean squares over the queries.
  public let errors: [Double]
  /// The part of attention's weight that falls on the tokens between, 0...1, mean over queries and query heads.
  public let beyond: [Double]

  /// All heads, those that lose most first; of equals the earlier.
  public var ranking: [Int] { errors.indices.sorted { (errors[$1], $0) < (errors[$0], $1) } }
}

extension LocalModel {
  /// Tokens of sinks and of the window of a calibration, unless said.
  public static let calibratedSinks = 16
  public static let calibratedWindow = 64

  /// Measures every head on texts that say everything twice: what a head looks up in the first half is out of the window.
  ///
  /// DuoAttention trains a gate for each head until the model's output on long texts with pass keys is kept. This is no
  /// training: one pass of the model, in which each head's own departure is measured while all others see everything. Half
  /// of the queries read plain text, half a repetition, as those by which retrieval heads are known.
  ///
  /// - Parameter tokens: Of a text; nil for one of this program that scores do not use.
  /// - Source: of the repetition: Wu et al. 2024, Retrieval Head (arXiv 2404.15574); of the classes: Xiao et al. 2024,
  ///   DuoAttention (arXiv 2410.10819), whose gates are replaced by the measured error.
  public func headScores(of tokens: [TokenID]? = nil, sinks: Int = calibratedSinks, window: Int = calibratedWindow) -> HeadScores {
    workspace.use { weights.headScores(of: tokens ?? calibrationText, sinks: sinks, window: window, scratch: &$0) }
  }

  /// Finds retrieval heads now, so that no step has to.
  public func findHeads() { _ = headSplit(share: 50) }

  /// The heads that keep everything when `share` per cent of all do; they are found when they are first asked for.
  func headSplit(share: Int) -> HeadSplit {
    let ranking = workspace.heads { weights.headScores(of: calibrationText, sinks: Self.calibratedSinks, window: Self.calibratedWindow, scratch: &$0).ranking }
    return HeadSplit(ranking: ranking, share: share)
  }
}

extension PackedLlama {
  /// - Parameter tokens: Cut into texts of half a context (256 at most), each read twice in one.
  func headScores(of tokens: [TokenID], sinks: Int, window: Int, scratch: inout ForwardScratch) -> HeadScores {
    let half = min(256, shape.contextLength / 2, tokens.count)
    let meter = HeadMeter(shape, sinks: sinks, window: window)
    let blocks = (2 * half + 15) / 16
    scratch.watcher = meter
    for start in stride(from: 0, through: tokens.count - half, by: max(1, half)) where half > 0 {
      var cache = KVStore(shape, blockCount: blocks, tokensPerBlock: 16)
      let text = Array(tokens[start..<start + half])
      let span = SequenceSpan(tokens: text + text, first: 0, table: (0..<BlockID(blocks)).map { $0 }, logits: 2 * half..<2 * half)
      _ = forward([span], in: &cache, scratch: &scratch)
    }
    scratch.watcher = nil
    return meter.scores
  }
}

/// Adds up what heads lose, layer by layer, while a model reads.
private final class HeadMeter: AttentionWatcher, @unchecked Sendable {
  /// One query in so many is looked at.
  private static let stride = 4

  private let shape: LlamaShape
  private let sinks: Int
  private let window: Int
  /// Of each head ‖o − õ‖², ‖o‖², and weight beyond, summed over queries; and how many of them.
  private var lost: [Double]
  private var size: [Double]
  private var beyond: [Double]
  private var count = 0

  init(_ shape: LlamaShape, sinks: Int, window: Int) {
    (self.shape, self.sinks, self.window) = (shape, sinks, window)
    lost = [Double](repeating: 0, count: shape.layers * shape.keyHeads)
    (size, beyond) = (lost, lost)
  }

  var scores: HeadScores {
    let heads = shape.keyHeads
    let whole = (0..<shape.layers).map { layer in size[layer * heads..<(layer + 1) * heads].reduce(0, +) }
    let errors = lost.indices.map { whole[$0 / heads] > 0 ? (lost[$0] / whole[$0 / heads]).squareRoot() : 0 }
    let pairs = Double(max(1, count / shape.layers) * (shape.heads / heads))
    return HeadScores(layers: shape.layers, kvHeads: heads, errors: errors, beyond: beyond.map { $0 / pairs })
  }

  func see(layer: Int, _ parts: [WatchedQueries], _ cache: KVStore, _ pool: ThreadPool, _ path: KernelPath) -> (operations: Int, bytes: Int) {
    for part in parts {
      // Who sees nothing beyond loses nothing.
      let queries = (0..<part.count).filter { part.slot + $0 >= sinks + window && (part.slot + $0) % Self.stride == 0 }
      if queries.isEmpty { continue }
      count += queries.count
      // Each head is one thread's, so its sums are in order.
      lost.withUnsafeMutableBufferPointer { lost in
        size.withUnsafeMutableBufferPointer { size in
          beyond.withUnsafeMutableBufferPointer { beyond in
            nonisolated(unsafe) let sums = (lost: lost, size: size, beyond: beyond)
            pool.parallelFor(cache.kvHeads) { range, _ in
              for kvHead in range {
                let head = layer * cache.kvHeads + kvHead
                let found = look(layer, kvHead, part, queries, cache, path)
                sums.lost[head] += found.lost
                sums.size[head] += found.size
                sums.beyond[head] += found.beyond
              }
            }
          }
        }
      }
    }
    return (0, 0)
  }

  private func look(
    _ layer: Int, _ kvHead: Int, _ part: WatchedQueries, _ queries: [Int], _ cache: KVStore, _ path: KernelPath
  ) -> (lost: Double, size: Double, beyond: Double) {
    let (group, width, tokens) = (shape.heads / shape.keyHeads, shape.headWidth, cache.tokensPerBlock)
    let keys = part.slot + queries[queries.count - 1] + 1
    var values = [Float](repeating: 0, count: (keys + tokens - 1) / tokens * tokens * width)
    values.withUnsafeMutableBufferPointer { values in
      for number in 0..<(keys + tokens - 1) / tokens {
        cache.values(layer: layer, block: part.table[number], kvHead: kvHead, into: values.baseAddress! + number * tokens * width, path: path)
      }
    }
    var rows = [Float](repeating: 0, count: group * keys)
    var sum = (lost: 0.0, size: 0.0, beyond: 0.0)
    for query in queries {
      let seen = part.slot + query + 1
      cache.scores(
        layer: layer, kvHead: kvHead, of: part.queries + query * part.stride, stride: part.stride, count: 1, table: part.table, keys: keys,
        visible: { _ in seen }, path: path, into: &rows)
      for member in 0..<group {
        // o = near + far, and õ = near ÷ its weight.
        var (near, far) = ([Float](repeating: 0, count: width), [Float](repeating: 0, count: width))
        var weight: Float = 0
        rows.withUnsafeMutableBufferPointer { rows in
          let row = rows.baseAddress! + member * keys
          path.softmax(row, count: seen)
          for slot in 0..<seen {
            if slot < sinks || slot >= seen - window {
              weight += row[slot]
              for index in 0..<width { near[index] += row[slot] * values[slot * width + index] }
            } else {
              for index in 0..<width { far[index] += row[slot] * values[slot * width + index] }
            }
          }
        }
        for index in 0..<width {
          let whole = near[index] + far[index]
          let departure = Double(whole - near[index] / max(weight, .leastNormalMagnitude))
          sum.lost += departure * departure
          sum.size += Double(whole) * Double(whole)
        }
        sum.beyond += Double(1 - weight)
      }
    }
    return sum
  }
}
