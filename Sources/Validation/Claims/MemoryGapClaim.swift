import Analysis
import Core
import Hardware

/// Why large batches stop paying: decoding stays bound by memory.
struct MemoryGapClaim: Claim {
  static let descriptor = Descriptor(
    name: "mind-the-memory-gap", summary: "decode throughput flattens with the batch while memory, not arithmetic, is busy",
    source: "Mind the Memory Gap, abstract")

  func run() throws(ClaimFault) -> [ClaimResult] {
    let gpu = try stepDevice("h100", "llama-2-7b")
    var points: [ClaimResult.Curve.Point] = []
    var last = (rate: 0.0, cost: StepCost())
    var gain = 0.0
    for batch in [1, 2, 4, 8, 16, 32, 64, 128, 256] {
      var device = gpu
      let outcome: BatchOutcome
      do { outcome = try device.execute(Batch(decodes: batch, context: 512)) } catch { throw ClaimFault(error.description) }
      let rate = Double(batch) / outcome.duration.seconds
      gain = last.rate > 0 ? rate / last.rate : 0
      last = (rate, outcome.cost)
      points.append(.init(at: String(batch), value: rate))
    }
    guard let memory = last.cost.bandwidthBusy, let tensor = last.cost.tensorBusy else { throw ClaimFault("\(gpu.name) does not say how busy it is") }
    let holds = gain < 1.35 && memory > 0.5 && memory > 2 * tensor
    let id = Self.descriptor.name
    return [
      ClaimResult(
        id, row: "plateau", metric: "tokens per second", ours: holds,
        published: "decode throughput flattens with the batch while DRAM and not compute is saturated",
        assumed: [("model", "Llama-2-7B"), ("device", "H100-SXM"), ("context", "512 tokens")],
        reason: "the last doubling gives \(gain.two) times; memory \((memory * 100).fixed(0)) % busy, tensor cores \((tensor * 100).fixed(0)) %",
        curve: .init(over: "batch", points: points)),
      try Self.replicas(id),
    ]
  }

  /// One engine with the largest batch against two with the batch at which it flattens, side by side on halves of the SMs.
  private static func replicas(_ id: String) throws(ClaimFault) -> ClaimResult {
    let gpu: ModelledGPU
    do {
      let model = try ModelCard(configJSON: opt, name: "OPT-1.3B")
      gpu = try ModelledGPU(accelerator: AcceleratorCatalogue.accelerator(named: "h100"), model: model)
    } catch {
      throw ClaimFault("\(error)")
    }
    let context = 512
    let batches = [16, 32, 64, 128, 256, 512]
    var alone: [Double] = []
    for batch in batches { alone.append(Double(batch) / (try gpu.seconds(Batch(decodes: batch, context: context)))) }
    // The knee: twice the batch gives less than half as much more.
    let knee = batches.indices.dropLast().first { alone[$0 + 1] < 1.5 * alone[$0] } ?? batches.count - 1
    var points = zip(batches, alone).map { ClaimResult.Curve.Point(at: "one of \($0)", value: $1) }
    var two: [Double] = []
    for batch in batches.prefix(knee + 2) {
      let rate = try tokensPerSecond(of: 2, Batch(decodes: batch, context: context), on: gpu)
      two.append(rate)
      points.append(.init(at: "two of \(batch)", value: rate))
    }
    let ratio = two[knee] / alone[alone.count - 1]
    return ClaimResult(
      id, row: "two replicas at the knee", metric: "tokens per second", ours: ratio > 1,
      published: "two replicas at the knee beat one large batch",
      assumed: [
        ("model", "OPT-1.3B"), ("device", "H100-SXM"), ("context", "\(context) tokens"),
        ("knee", "\(batches[knee]) requests: twice as many give less than 1.5 times the tokens"),
        ("replicas", "each on half of the SMs, one bandwidth; each waits for a host of its own"), ("large batch", "512 requests"),
      ],
      reason: "two of \(batches[knee]) give \(ratio.two) times the tokens of one of 512; the paper's gain is in part time in which the GPU waits for the host, here 0.1 ms and 6 µs a request",
      curve: .init(over: "replicas and requests of each", points: points))
  }

  /// facebook/opt-1.3b config.json.
  private static let opt = """
    {"model_type": "opt", "hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 32, "ffn_dim": 8192,
     "vocab_size": 50272, "max_position_embeddings": 2048, "word_embed_proj_dim": 2048, "do_layer_norm_before": true,
     "torch_dtype": "float16"}
    """

  /// Of engines that each take one step after the other on an equal share of the SMs.
  private static func tokensPerSecond(of count: Int, _ batch: Batch, on whole: ModelledGPU) throws(ClaimFault) -> Double {
    var gpu = SharedGPU(whole)
    let share = whole.chip.multiprocessors / count
    do { try gpu.prepare(share) } catch { throw ClaimFault(error.description) }
    var streams = gpu.streams(on: (0..<count).map { $0 * share..<($0 + 1) * share })
    streams.isRecording = false
    let kernels = gpu.kernels(of: batch, on: share)
    let hostTime = whole.hostTime(sequences: batch.slots.count)
    var steps = 0
    while steps < 40 * count {
      for stream in 0..<count where !streams.isBusy(stream) {
        streams.start(kernels, on: stream, after: hostTime)
        steps += 1
      }
      streams.advance()
    }
    while streams.advance() {}
    return Double(steps * batch.slots.count) / streams.now.seconds
  }
}

extension ClaimResult {
  /// A statement that holds or does not.
  init(
    _ id: String, row: String, metric: String, ours holds: Bool, published statement: String,
    assumed: [(name: String, value: String)], reason: String? = nil, curve: Curve? = nil
  ) {
    self.init(
      id, row: row, metric: metric, published: .statement(statement), ours: holds ? 1 : 0, assumed: assumed, reason: reason, curve: curve)
  }
}
