import Analysis
import Core
import Transformer

/// A whole model on this machine's cores: reading a prompt of 512 tokens, and decoding for 1 to 32 sequences at once, each
/// 64 tokens behind a prompt of 128; with the counted work of a step and what the machine can do at most.
///
/// SmolLM2-135M from `WORKBENCH_SMOLLM2_GGUF` or the cache, where it is there; otherwise random weights of its shape, which
/// take the same time. `WORKBENCH_THREADS` sets the number of threads.
///
/// Wall time, for the threads are the point. A step's figure is the sum of its stages' least times over many steps, so that
/// a busy machine spoils little; “best run” is 64 steps, or the prompt, from end to end.
/// The machine's limits are of the minute in which they were measured, after the rest: where others use the same memory, a
/// share of them can come out above 100 %.
struct CPUBenchmark: Benchmark {
  static let descriptor = Descriptor(
    name: "cpu", summary: "tokens a second of SmolLM2-135M on this machine's cores, and the machine's limits",
    source: "floors: llama.cpp on two cores of the development machine, 256, 428, 525 tokens/s at batch 1, 8, 32, × 1, 1.5, 2")

  private static let promptTokens = 128
  private static let steps = 64

  func run() throws -> [Measurement] {
    let pool = ThreadPool(threads: Paths.environment("WORKBENCH_THREADS").flatMap(Int.init) ?? ThreadPool.coresOnline)
    let file = try Self.file()
    let model = try PackedLlama(file, pool: pool)
    let isReal = file.tensors.allSatisfy { $0.name != Self.marker }
    var taken: [(name: String, tokens: Int, target: Double?, cost: Cost)] = []
    var memory: [Measurement] = []
    func note(_ name: String) {
      // Random weights are also there as they were made.
      if isReal { memory.append(Measurement(name: "peak memory, \(name)", value: peakMemory() / 1_048_576, unit: "MiB", target: nil)) }
    }
    note("loaded")
    for (batch, target) in [(1, 256.0), (4, nil), (8, 640), (16, nil), (32, 1_050)] {
      taken.append(("decode × \(batch)", batch, target, decode(model, batch: batch, pool: pool)))
      note("decode × \(batch)")
    }
    taken.append(("prompt of 512", 512, 853, prefill(model, tokens: 512, pool: pool)))
    note("prompt of 512")

    let sparse = longDecode(model)
    note("decode at \(Self.longContext.grouped) tokens")
    let chunks = longPrompt(model)

    let limits = MachineLimits.measure(pool: pool)
    var measurements = [
      Measurement(name: isReal ? "weights of \(file.name.split(separator: "/").last ?? "")" : "random weights", value: Double(model.weightBytes) / 1e6, unit: "MB", target: nil),
      Measurement(name: "threads (\(limits.path))", value: Double(pool.threads), unit: "", target: nil),
      Measurement(name: "read memory", value: limits.all.memoryBytes / 1e9, unit: "GB/s", target: nil),
      Measurement(name: "read 92 MiB", value: limits.all.cacheBytes / 1e9, unit: "GB/s", target: nil),
      Measurement(name: "float peak", value: limits.all.floatOperations / 1e9, unit: "Gop/s", target: nil),
      Measurement(name: "integer peak", value: limits.all.integerOperations / 1e9, unit: "Gop/s", target: nil),
    ]
    for (name, tokens, target, cost) in taken {
      measurements += cost.measurements(of: name, tokens: tokens, target: target, limits: limits.all)
    }
    return measurements + sparse + chunks + memory
  }

  /// Its last token fills no block, as fifteen of sixteen do not.
  private static let longContext = 4_090

  /// One sequence at a long context: attention over all keys, and over chosen ones, in turn in one run. CPU seconds of one
  /// thread.
  private func longDecode(_ model: PackedLlama) -> [Measurement] {
    let pool = ThreadPool(threads: 1)
    var scratch = ForwardScratch(model, pool: pool)
    let blocks = (Self.longContext + 15) / 16
    var cache = KVStore(model.shape, blockCount: blocks, tokensPerBlock: 16)
    func span(_ positions: Range<Int>, isDecode: Bool) -> SequenceSpan {
      SequenceSpan(
        tokens: positions.map { TokenID(($0 * 31 + 11) % model.shape.vocabulary) }, first: positions.lowerBound,
        table: (0..<BlockID(blocks)).map { $0 }, logits: positions.count - 1..<positions.count, isDecode: isDecode)
    }
    _ = model.forward([span(0..<Self.longContext - 1, isDecode: false)], in: &cache, scratch: &scratch)
    func least(_ sparse: SparseAttention?) -> Double {
      cache.keepNotes(for: sparse, channels: { divisor in
        Array(repeating: Array(0..<max(1, model.shape.headWidth / divisor)), count: model.shape.layers * model.shape.keyHeads)
      }, patterns: { [] }, pool: pool)
      return leastCPUSeconds(repeats: 12) {
        _ = model.forward([span(Self.longContext - 1..<Self.longContext, isDecode: true)], leavingOut: sparse, in: &cache, scratch: &scratch)
      }
    }
    let dense = least(nil)
    let name = "decode at \(Self.longContext.grouped) tokens"
    return [Measurement(name: name, value: 1 / dense, unit: "tokens/CPU s", target: nil)]
      + [
        // Chosen tokens gain little here: sixteen keys lie interleaved, so one of them touches the lines of all.
        ("32 top pages", .pages(count: 32, tokensPerPage: 16), .atLeast(1)),
        ("1/16 tokens by 1/16 channels", .labels(tokens: 16, channels: 16), nil),
      ].map { (choice: (String, SparseAttention, Measurement.Target?)) in
        Measurement(name: "\(name), \(choice.0)", value: dense / least(choice.1), unit: "× dense", target: choice.2)
      }
  }

  /// The last 256 tokens of a prompt as long as the model allows, read whole and by patterns, in turn in one run. What lies
  /// before are random keys and values: they cost what real ones cost. CPU seconds of one thread.
  private func longPrompt(_ model: PackedLlama) -> [Measurement] {
    let (pool, shape) = (ThreadPool(threads: 1), model.shape)
    var scratch = ForwardScratch(model, pool: pool)
    let (context, count) = (min(shape.contextLength, 8_192), 256)
    var cache = KVStore(shape, blockCount: context / 16, tokensPerBlock: 16)
    var random = SplitMix(seed: 2, purpose: "long prompt")
    let noise = (0..<shape.keyWidth + 4_096).map { _ in Float(random.unit() - 0.5) * 2 }
    for position in 0..<context - count {
      for layer in 0..<shape.layers {
        noise.withUnsafeBufferPointer { noise in
          guard let base = noise.baseAddress else { return }
          cache.store(
            layer: layer, block: BlockID(position / 16), slot: position % 16, keys: base + (position * 31 + layer * 7) % 4_096,
            values: base + (position * 17 + layer * 5) % 4_096)
        }
      }
    }
    let span = SequenceSpan(
      tokens: (0..<count).map { TokenID($0 * 31 % shape.vocabulary) }, first: context - count, table: (0..<BlockID(context / 16)).map { $0 },
      logits: count - 1..<count)
    func least(_ sparse: SparseAttention?, _ pattern: HeadPattern) -> Double {
      cache.keepNotes(for: sparse, channels: { _ in [] }, patterns: { Array(repeating: pattern, count: shape.layers * shape.heads) }, pool: pool)
      return leastCPUSeconds(repeats: 3) { _ = model.forward([span], leavingOut: sparse, in: &cache, scratch: &scratch) }
    }
    let dense = least(nil, .aShape)
    let name = "prompt at \(context.grouped) tokens"
    return [Measurement(name: name, value: Double(count) / dense, unit: "tokens/CPU s", target: nil)]
      + [HeadPattern.aShape, .verticalSlash(columnQuarters: 2), .blocks].map { pattern in
        Measurement(
          name: "\(name), 64 blocks, \(pattern.name)", value: dense / least(.patterns(blocks: 64, tokensPerBlock: 16), pattern), unit: "× dense", target: nil)
      }
  }

  /// All steps for `batch` sequences.
  private func decode(_ model: PackedLlama, batch: Int, pool: ThreadPool) -> Cost {
    var scratch = ForwardScratch(model, pool: pool)
    let blocks = (Self.promptTokens + Self.steps) / 16
    var cache = KVStore(model.shape, blockCount: batch * blocks, tokensPerBlock: 16)
    func span(_ sequence: Int, _ positions: Range<Int>) -> SequenceSpan {
      SequenceSpan(
        tokens: positions.map { TokenID(($0 * 31 + sequence * 97 + 11) % model.shape.vocabulary) }, first: positions.lowerBound,
        table: (0..<blocks).map { BlockID($0 * batch + sequence) }, logits: positions.count - 1..<positions.count)
    }
    _ = model.forward((0..<batch).map { span($0, 0..<Self.promptTokens) }, in: &cache, scratch: &scratch)
    var least = Cost()
    for _ in 0..<(batch > 8 ? 2 : 4) {
      var total = 0.0
      for step in 0..<Self.steps {
        let position = Self.promptTokens + step
        let spans = (0..<batch).map { span($0, position..<position + 1) }
        let time = seconds { _ = model.forward(spans, in: &cache, scratch: &scratch) }
        // Of the second half, whose attention is the dearer.
        if step >= Self.steps / 2 { least.lower(time, scratch.runs) }
        total += time
      }
      least.best = max(least.best, Double(batch * Self.steps) / total)
    }
    return least
  }

  private func prefill(_ model: PackedLlama, tokens: Int, pool: ThreadPool) -> Cost {
    var scratch = ForwardScratch(model, pool: pool)
    var cache = KVStore(model.shape, blockCount: (tokens + 15) / 16, tokensPerBlock: 16)
    let span = SequenceSpan(
      tokens: (0..<tokens).map { TokenID($0 * 31 % model.shape.vocabulary) }, first: 0, table: (0..<BlockID((tokens + 15) / 16)).map { $0 },
      logits: tokens - 1..<tokens)
    var least = Cost()
    for _ in 0..<5 {
      let time = seconds { _ = model.forward([span], in: &cache, scratch: &scratch) }
      least.lower(time, scratch.runs)
      least.best = max(least.best, Double(tokens) / time)
    }
    return least
  }

  private func seconds(_ body: () -> Void) -> Double { ContinuousClock().measure(body) / .seconds(1) }

  /// The model file, or random weights.
  static func file() throws -> GGUFFile {
    let path = Paths.environment("WORKBENCH_SMOLLM2_GGUF") ?? Paths.cache + "/models/SmolLM2-135M-Instruct.Q4_1.gguf"
    return Files.exists(path) ? try GGUFFile(path) : try GGUFFile(MappedFile(name: "random weights", bytes: randomWeights))
  }

  private static let marker = "random.weights"

  /// The shape of SmolLM2-135M, in its types.
  private static var randomWeights: [UInt8] {
    var random = SplitMix(seed: 1, purpose: "weights")
    var writer = GGUFWriter()
    func matrix(_ name: String, _ type: TensorType, _ width: Int, _ rows: Int) {
      var bytes = [UInt8](repeating: 0, count: width * rows / type.elementsPerBlock * type.bytesPerBlock)
      bytes.withUnsafeMutableBytes { bytes in
        for index in 0..<bytes.count / 8 { bytes.storeBytes(of: random.next(), toByteOffset: index * 8, as: UInt64.self) }
        // Scales, and least values, of about 2⁻⁸.
        for block in stride(from: 0, to: bytes.count, by: type.bytesPerBlock) {
          bytes[block + 1] = 0x1c
          if type == .q4_1 { bytes[block + 3] = 0x9c }
        }
      }
      writer.append(name, type, shape: [width, rows], bytes: bytes)
    }
    let (hidden, feedForward, vocabulary) = (576, 1_536, 49_152)
    let ones = [Float](repeating: 1, count: hidden)
    writer["general.architecture"] = .string("llama")
    for (key, value) in [
      ("block_count", 30), ("embedding_length", hidden), ("feed_forward_length", feedForward), ("attention.head_count", 9),
      ("attention.head_count_kv", 3), ("context_length", 8_192),
    ] { writer["llama.\(key)"] = .uint32(UInt32(value)) }
    writer["llama.attention.layer_norm_rms_epsilon"] = .float32(1e-5)
    matrix("token_embd.weight", .q8_0, hidden, vocabulary)
    writer.append("output_norm.weight", shape: [hidden], floats: ones)
    writer.append(marker, shape: [1], floats: [1])
    for layer in 0..<30 {
      let prefix = "blk.\(layer)."
      for name in ["attn_norm", "ffn_norm"] { writer.append(prefix + name + ".weight", shape: [hidden], floats: ones) }
      for (name, width, rows) in [
        ("attn_q", hidden, hidden), ("attn_k", hidden, hidden / 3), ("attn_v", hidden, hidden / 3), ("attn_output", hidden, hidden),
        ("ffn_gate", hidden, feedForward), ("ffn_up", hidden, feedForward), ("ffn_down", feedForward, hidden),
      ] { matrix(prefix + name + ".weight", .q4_1, width, rows) }
    }
    return writer.bytes
  }
}

/// What a step costs: measured time, counted work.
private struct Cost {
  /// Tokens a second from end to end, of the best run.
  var best = 0.0
  /// Nanoseconds of each stage, the least seen: what the step costs when nothing else runs.
  var stages: [Int] = []
  var runs: [StageRun] = []

  mutating func lower(_ seconds: Double, _ runs: [StageRun]) {
    // What lies between the stages is the last.
    let times = runs.map(\.nanoseconds) + [Int(seconds * 1e9) - runs.reduce(0) { $0 + $1.nanoseconds }]
    stages = stages.isEmpty ? times : zip(stages, times).map { min($0, $1) }
    self.runs = runs
  }

  var bytes: Int { runs.reduce(0) { $0 + $1.bytes } }
  var operations: Int { runs.reduce(0) { $0 + $1.operations } }
  var undisturbed: Double { Double(stages.reduce(0, +)) / 1e9 }

  func measurements(of name: String, tokens: Int, target: Double?, limits: MachineLimits.Rates) -> [Measurement] {
    let floor = max(Double(bytes) / limits.cacheBytes, Double(operations) / limits.integerOperations)
    func line(_ what: String, _ value: Double, _ unit: String) -> Measurement {
      Measurement(name: "\(name), \(what)", value: value, unit: unit, target: nil)
    }
    let kinds = KernelRun.Kind.allCases.compactMap { kind in
      let time = zip(runs, stages).reduce(0) { $0 + ($1.0.kind == kind ? $1.1 : 0) }
      return time > 0 ? line(kind.name, Double(time) / 1e6, "ms") : nil
    }
    return [
      Measurement(name: name, value: Double(tokens) / undisturbed, unit: "tokens/s", target: target.map { .atLeast($0) }),
      line("best run", best, "tokens/s"),
      line("counted bytes", Double(bytes) / 1e6, "MB"),
      line("counted operations", Double(operations) / 1e9, "Gop"),
      line("bandwidth", Double(bytes) / undisturbed / 1e9, "GB/s"),
      line("arithmetic", Double(operations) / undisturbed / 1e9, "Gop/s"),
      line("of the machine's limit", floor / undisturbed * 100, "%"),
    ] + kinds + [line("between kernels", Double(stages.last ?? 0) / 1e6, "ms")]
  }
}
