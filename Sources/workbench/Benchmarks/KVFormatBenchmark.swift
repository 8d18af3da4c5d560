import Core
import Transformer

/// Decoding of one and of four sequences, each 4,096 tokens long, with keys and values in every format: how much faster than
/// in f16, in one run.
///
/// SmolLM2-135M as `CPUBenchmark` finds it. On paper a step reads 92 MB of weights and, for each sequence, 94 MB of keys and
/// values in f16 (30 layers × 2 × 192 channels × 2 bytes × 4,096) or 49 in int8; both do the same 0.28 G multiply-adds on
/// them. So with memory as the limit int8 is 186 / 141 = 1.3 times as fast for one sequence, and 468 / 288 = 1.6 for four.
///
/// Formats take turns step by step, and each counts with its least times, so that what else the machine does spoils little.
struct KVFormatBenchmark: Benchmark {
  static let descriptor = Descriptor(
    name: "kv-formats", summary: "decode at 4,096 tokens of context with keys and values in every format, beside f16",
    source: "int8 at least as fast as f16")

  private static let context = 4_096
  private static let formats = KVFormat.allCases + [.magnitudeSparse(percent: 50)]
  private static let steps = 12

  func run() throws -> [Measurement] {
    let pool = ThreadPool(threads: Paths.environment("WORKBENCH_THREADS").flatMap(Int.init) ?? ThreadPool.coresOnline)
    let model = try PackedLlama(CPUBenchmark.file(), pool: pool)
    var scratch = ForwardScratch(model, pool: pool)
    var measurements: [Measurement] = []
    for batch in [1, 4] {
      var caches = Self.formats.map { Self.filled($0, model.shape, batch: batch) }
      let blocks = Self.context / 16
      let spans = (0..<batch).map { sequence in
        SequenceSpan(
          tokens: [TokenID(11 + sequence)], first: Self.context - 1, table: (0..<blocks).map { BlockID($0 * batch + sequence) }, logits: 0..<1)
      }
      var least = caches.map { _ in (step: Double.infinity, attention: Double.infinity) }
      for _ in 0..<Self.steps {
        for number in caches.indices {
          let time = ContinuousClock().measure { _ = model.forward(spans, in: &caches[number], scratch: &scratch) } / .seconds(1)
          let attention = scratch.runs.reduce(0) { $0 + ($1.kind == .attentionDecode ? $1.nanoseconds : 0) }
          least[number] = (min(least[number].step, time), min(least[number].attention, Double(attention) / 1e9))
        }
      }
      for (format, time) in zip(Self.formats, least) {
        let name = "decode × \(batch) at \(Self.context), \(format.rawValue)"
        measurements.append(Measurement(name: name, value: Double(batch) / time.step, unit: "tokens/s", target: nil))
        measurements.append(Measurement(name: name + ", attention", value: time.attention * 1e3, unit: "ms", target: nil))
        guard format != .f16 else { continue }
        measurements.append(
          Measurement(
            name: name + " over f16", value: least[0].step / time.step, unit: "×", target: format == .int8 ? .atLeast(1) : nil))
      }
    }
    return measurements
  }

  /// A cache of `batch` sequences, full but for the last token: what is in it does not matter for its speed.
  private static func filled(_ format: KVFormat, _ shape: LlamaShape, batch: Int) -> KVStore {
    let blocks = context / 16
    var cache = KVStore(shape, blockCount: batch * blocks, tokensPerBlock: 16)
    var random = SplitMix(seed: 1, purpose: "keys and values")
    let numbers = (0..<2 * shape.keyWidth + 256).map { _ in Float(random.unit() - 0.5) }
    numbers.withUnsafeBufferPointer { numbers in
      guard let numbers = numbers.baseAddress else { return }
      for block in 0..<BlockID(batch * blocks) {
        for slot in 0..<16 {
          for layer in 0..<shape.layers {
            let offset = (Int(block) * 7 + slot * 3 + layer) % 256
            cache.store(layer: layer, block: block, slot: slot, keys: numbers + offset, values: numbers + offset + shape.keyWidth)
          }
        }
      }
    }
    cache.convert(to: format, filling: (0..<batch).map { BlockID((blocks - 1) * batch + $0) })
    return cache
  }
}
