import Core
import Hardware
import Testing

/// Estimates against times that others measured, with caches cold as in serving.
///
/// The bounds are what the present equations reach, rounded up; they may only be lowered.
@Suite("Against measurements", .enabled(if: measured != nil, "no folder of measurements"))
struct MeasuredTests {
  /// Mean absolute and mean signed relative error, in %.
  struct Errors {
    var sum = 0.0, signed = 0.0, count = 0
    mutating func add(_ estimate: Double, measured: Double) {
      let error = estimate / measured - 1
      sum += abs(error)
      signed += error
      count += 1
    }
    var mean: Double { 100 * sum / Double(max(1, count)) }
    var bias: Double { 100 * signed / Double(max(1, count)) }
  }

  private func report(_ table: String, _ errors: [(name: String, bound: Double, errors: Errors)]) {
    for (name, bound, errors) in errors where errors.count > 0 {
      let figures = [errors.mean, errors.bias].map { ($0 * 10).rounded() / 10 }
      print("\(table), \(name): mean error \(figures[0]) %, bias \(figures[1]) %, \(errors.count) rows")
      #expect(errors.mean < bound, "\(table), \(name)")
    }
  }

  private func microseconds(_ estimate: KernelEstimate) -> Double { Double(estimate.time.nanoseconds) / 1000 }

  @Test("matrix products")
  func gemm() throws {
    var all: [(name: String, bound: Double, errors: Errors)] = []
    let rows = try table("gemm.csv")
    for (name, format, bound) in [
      ("A100-SXM-80GB", NumberFormat.bf16, 8.0), ("H100-SXM", .bf16, 9.5), ("B200-SXM", .bf16, 8.5), ("GB200", .bf16, 12),
      ("RTX-PRO-6000-Server", .bf16, 7), ("H100-SXM", .fp8, 16), ("B200-SXM", .fp8, 17), ("RTX-PRO-6000-Server", .fp8, 11),
    ] {
      let chip = Chip(try AcceleratorCatalogue.accelerator(named: name), weights: format)
      var errors = Errors()
      for row in rows where row["gpu"] == name && row["dtype"] == format.rawValue {
        let kernel = Gemm(columns: row.count("n"), depth: row.count("k"), weights: format)
        // Six copies of the weights in turn: below the cache's size they would be warm.
        guard 6 * Double(kernel.columns * kernel.depth) * format.bytes > 1.3 * chip.cacheBytes else { continue }
        errors.add(
          microseconds(kernel.estimate(rows: row.count("m"), on: chip)), measured: row.number("latency_us"))
      }
      all.append(("\(name) \(format.rawValue)", bound, errors))
    }
    report("gemm.csv", all)
  }

  @Test("decode attention")
  func decode() throws {
    var all: [(name: String, bound: Double, errors: Errors)] = []
    let rows = try table("attention_decode.csv")
    for (name, bound) in [("A100-SXM-80GB", 14.0), ("H100-SXM", 9), ("B200-SXM", 6), ("GB200", 6), ("RTX-PRO-6000-Server", 10)] {
      let chip = Chip(try AcceleratorCatalogue.accelerator(named: name))
      var errors = Errors()
      for row in rows where row["gpu"] == name && row["kv_dtype"] == "bf16" && row["window"] == "0" {
        let (batch, context, dimension) = (row.count("batch"), row.count("kv_len"), row.count("head_dim"))
        let kernel = DecodeAttention(
          heads: row.count("heads"), kvHeads: row.count("kv_heads"), headDimension: dimension, on: chip)
        guard Double(4 * batch * context * row.count("kv_heads") * dimension) > 1.1 * chip.cacheBytes else { continue }
        errors.add(
          microseconds(kernel.estimate(uniform(batch, context, kernel))), measured: row.number("latency_us"))
      }
      all.append((name, bound, errors))
    }
    report("attention_decode.csv", all)
  }

  @Test("prefill attention")
  func prefill() throws {
    var all: [(name: String, bound: Double, errors: Errors)] = []
    let rows = try table("attention_prefill.csv")
    for (name, bound) in [("A100-SXM-80GB", 14.0), ("H100-SXM", 10), ("B200-SXM", 9), ("GB200", 10)] {
      let chip = Chip(try AcceleratorCatalogue.accelerator(named: name))
      var errors = Errors()
      for row in rows
      where row["gpu"] == name && row["kv_dtype"] == "bf16" && row["window"] == "0"
        // The shortest prompts go through another kernel there.
        && row["kernel"] != "flashinfer_trtllmdecode"
      {
        let kernel = PrefillAttention(
          heads: row.count("heads"), kvHeads: row.count("kv_heads"), headDimension: row.count("head_dim"), on: chip)
        var load = PrefillAttention.Load()
        for _ in 0..<row.count("batch") { kernel.add(rows: row.count("q_len"), history: 0, to: &load) }
        errors.add(microseconds(kernel.estimate(load)), measured: row.number("latency_us"))
      }
      all.append((name, bound, errors))
    }
    report("attention_prefill.csv", all)
  }

  @Test("prefill and decode attention in one batch")
  func mixed() throws {
    var all: [(name: String, bound: Double, errors: Errors)] = []
    let rows = try table("attention_mixed.csv")
    for (name, bound) in [("RTX-4090", 14.0), ("RTX-PRO-6000-Server", 14)] {
      let device = try gpu(name, "llama-3.1-8b") { $0.layers = 1 }
      var errors = (decode: Errors(), prefill: Errors(), mixed: Errors())
      // A third of the rows is enough to tell.
      for (index, row) in rows.enumerated() where index % 3 == 0 && row["gpu"] == name && row["tp"] == "1" {
        let (chunk, history) = (row.count("prefill_q"), row.count("prefill_hist"))
        var batch = decodes(row.count("n_decode"), context: max(2, row.count("decode_kv")))
        if chunk > 0 { batch.slots.append(.chunk(9999, after: history, count: chunk)) }
        let time = device.kernels(of: batch).filter { $0.kind == .attentionPrefill || $0.kind == .attentionDecode }
          .reduce(0) { $0 + Double($1.duration.nanoseconds) / 1000 }
        let measured = row.number("latency_us")
        if chunk == 0 {
          errors.decode.add(time, measured: measured)
        } else if batch.slots.count == 1 {
          errors.prefill.add(time, measured: measured)
        } else {
          errors.mixed.add(time, measured: measured)
        }
      }
      all += [
        ("\(name) decode", bound, errors.decode), ("\(name) prefill", bound, errors.prefill),
        ("\(name) mixed", bound, errors.mixed),
      ]
    }
    report("attention_mixed.csv", all)
  }

  /// Only the ratio to equal lengths can be compared: the times of this table are about three times
  /// those that `attention_mixed.csv` gives for the same decodes.
  @Test("what it costs that decodes differ in length")
  func skew() throws {
    var all: [(name: String, bound: Double, errors: Errors)] = []
    let rows = try table("attention_skew.csv")
    for name in ["RTX-4090", "RTX-PRO-6000-Server"] {
      let device = try gpu(name, "llama-3.1-8b") { $0.layers = 1 }
      func time(_ batch: Batch) -> Double {
        device.kernels(of: batch).filter { $0.kind == .attentionDecode }.reduce(0) { $0 + $1.duration.seconds }
      }
      var ratio = Errors()
      for row in rows where row["gpu"] == name && row["tp"] == "1" && row["prefill_q"] == "0" {
        let (count, big) = (row.count("n_decode"), row.count("n_big"))
        let skewed = Batch(slots: (0..<count).map { .decode($0, context: row.count($0 < big ? "kv_big" : "kv_small")) })
        ratio.add(
          time(skewed) / time(decodes(count, context: row.count("kv_mean"))),
          measured: row.number("latency_skewed_us") / row.number("latency_mean_us"))
      }
      all.append((name, 6, ratio))
    }
    report("attention_skew.csv", all)
  }

  @Test("experts")
  func experts() throws {
    var all: [(name: String, bound: Double, errors: Errors)] = []
    let rows = try table("moe.csv")
    for (name, bound) in [("H100-SXM", 15.0), ("B200-SXM", 17), ("RTX-PRO-6000-Server", 14)] {
      let chip = Chip(try AcceleratorCatalogue.accelerator(named: name))
      var errors = Errors()
      for row in rows
      where row["gpu"] == name && row["dtype"] == "bf16" && row["moe_ep"] == "1" && row["routing"] == "balanced" {
        let kernel = Experts(
          shape: .init(count: row.count("num_experts"), active: row.count("topk"), intermediate: row.count("inter")),
          hidden: row.count("hidden"), ranks: row.count("moe_tp"))
        errors.add(
          microseconds(kernel.estimate(rows: row.count("num_tokens"), on: chip)), measured: row.number("latency_us"))
      }
      all.append((name, bound, errors))
    }
    report("moe.csv", all)
  }

  @Test("all-reduce over direct links")
  func communication() throws {
    var all: [(name: String, bound: Double, errors: Errors)] = []
    let rows = try table("comm.csv")
    for name in ["A100-SXM-80GB", "H100-SXM", "B200-SXM"] {
      let chip = Chip(try AcceleratorCatalogue.accelerator(named: name))
      var errors = Errors()
      for row in rows where row["gpu"] == name && row["impl"] == "vllm_custom_graph" && row["op"] == "all_reduce" {
        let (bytes, ranks) = (row.count("bytes"), row.count("world_size"))
        guard bytes <= 8_388_608 else { continue }
        let kernel = Communication(.allReduce, bytesPerRow: 1, ranks: ranks)
        errors.add(microseconds(kernel.estimate(rows: bytes, on: chip)), measured: row.number("latency_us"))
      }
      all.append((name, 32, errors))
    }
    report("comm.csv", all)
  }

  @Test("layers of whole models")
  func layers() throws {
    let kinds = [
      "qkv_proj": KernelRun.Kind.qkv, "o_proj": .output, "gate_up_proj": .gateUp, "down_proj": .down, "lm_head": .head,
      "sampler": .sampler,
    ]
    var all: [(name: String, bound: Double, errors: Errors)] = []
    let rows = try table("layer_ops.csv")
    for name in ["RTX-4090", "RTX-PRO-6000-Server"] {
      let device = try gpu(name, "llama-3.1-8b") { $0.layers = 1 }
      var products = Errors()
      var small = Errors()
      var sampler = Errors()
      var batches: [Int: [KernelRun]] = [:]
      for row in rows where row["gpu"] == name && row["tp"] == "1" && row["model"] == "Llama-3.1-8B" {
        guard let operation = row["op"] else { continue }
        let tokens = row.count("tokens")
        if batches[tokens] == nil { batches[tokens] = device.kernels(of: decodes(tokens, context: 16)) }
        let runs = batches[tokens] ?? []
        let elementwise = runs.filter { $0.kind == .normalise && $0.layer == 0 }
        let run: KernelRun? =
          switch operation {
          case "layernorm": elementwise[0]
          case "rotary_emb": elementwise[1]
          case "act_fn": elementwise[3]
          default: kinds[operation].flatMap { kind in runs.first { $0.kind == kind } }
          }
        guard let run else { continue }
        let time = Double(run.duration.nanoseconds) / 1000
        if run.kind == .sampler {
          sampler.add(time, measured: row.number("latency_us"))
        } else if run.kind == .normalise {
          small.add(time, measured: row.number("latency_us"))
        } else {
          products.add(time, measured: row.number("latency_us"))
        }
      }
      all += [("\(name) products", 9, products), ("\(name) elementwise", 25, small), ("\(name) sampler", 8, sampler)]
    }
    report("layer_ops.csv", all)
  }

  private func uniform(_ batch: Int, _ context: Int, _ kernel: DecodeAttention) -> DecodeAttention.Load {
    var load = DecodeAttention.Load()
    load.sequences = batch
    load.contexts = batch * context
    load.longest = context
    load.packedContexts = batch * context * kernel.packedRows(tokens: 1)
    return load
  }
}
