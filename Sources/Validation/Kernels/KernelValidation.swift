import Core
public import Hardware

/// Predicts each row of files of measured kernels and gathers the errors.
///
///     var validation = KernelValidation()
///     try validation.add(MeasuredTable(file: path, bytes: bytes))
///     print(validation.report.text)
///
/// Benchmarks call a kernel again and again on the same operands. What fits in the cache then stays there, and
/// the prediction says so (`Residency.repeated`); the same kernels in serving are predicted cold.
public struct KernelValidation {
  public struct Options: Equatable, Sendable {
    /// Only shapes that no fit has seen.
    public var onlyHeldOut = false
    /// Each GPU as if nothing had been measured on it.
    public var classDefaults = false
    /// Only 16-bit numbers.
    public var onlyWide = false
    /// Only this GPU.
    public var gpu: String?
    /// Takes the place of what is compiled in, by name.
    public var calibrations: [String: Accelerator.Efficiency] = [:]

    public init() {}
  }

  public private(set) var report = KernelReport()
  private let options: Options
  private var chips: [String: Chip] = [:]
  private var accelerators: [String: Accelerator] = [:]

  public init(_ options: Options = Options()) { self.options = options }

  public mutating func add(_ table: MeasuredTable) throws(MeasuredTableError) {
    switch try KernelTable(table) {
    case .gemm: try addProducts(table)
    case .attention: try addAttention(table)
    case .attentionHistory: try addHistory(table)
    case .attentionMixed: try addMixed(table)
    case .attentionSkew: try addSkew(table)
    case .experts: try addExperts(table)
    case .communication: try addCommunication(table)
    case .layers: try addLayers(table)
    case .other:
      for _ in 0..<table.count { report.leaveOut("\(table.file): there is no kernel to compare with this table") }
    }
  }

  // MARK: Chips

  private mutating func accelerator(
    _ table: MeasuredTable, _ row: Int, _ column: Int
  ) throws(MeasuredTableError) -> Accelerator? {
    let name = table.text(row, column)
    if let known = accelerators[name] { return options.gpu == nil || options.gpu == known.name ? known : nil }
    var accelerator: Accelerator
    do throws(UnknownName) {
      accelerator = try AcceleratorCatalogue.accelerator(named: name)
    } catch {
      if options.gpu != nil { return nil }
      throw table.wrong(row, column, "a GPU of `workbench list devices`")
    }
    if options.classDefaults { accelerator = accelerator.unmeasured }
    if let calibration = options.calibrations[accelerator.name] { accelerator.calibrated = calibration }
    accelerators[name] = accelerator
    return options.gpu == nil || options.gpu == accelerator.name ? accelerator : nil
  }

  private mutating func chip(
    _ accelerator: Accelerator, _ weights: NumberFormat = .bf16, _ arithmetic: Chip.Arithmetic = .tensorScaled,
    backend: Experts.Backend? = nil
  ) -> Chip {
    let key = "\(accelerator.name) \(weights) \(arithmetic) \(backend?.rawValue ?? "")"
    if let chip = chips[key] { return chip }
    let chip = Chip(accelerator, weights: weights, arithmetic: arithmetic, expertsBackend: backend)
    chips[key] = chip
    return chip
  }

  /// The format and arithmetic of a word of the tables; nil where there is no kernel for it.
  static func format(_ word: String) -> (NumberFormat, Chip.Arithmetic)? {
    switch word {
    case "bf16", "bfloat16", "fp16", "float16", "half": (.bf16, .tensorScaled)
    case "fp8": (.fp8, .tensorScaled)
    case "fp8_block": (.fp8, .blockScaled)
    case "nvfp4", "fp4": (.fp4, .tensorScaled)
    case "w4a16_mxfp4": (.fp4, .weightOnly)
    default: nil
    }
  }

  private func microseconds(_ estimate: KernelEstimate) -> Double { Double(estimate.time.nanoseconds) / 1000 }

  private mutating func add(
    _ accelerator: Accelerator, _ kind: String, _ dtype: String, _ estimate: KernelEstimate, measured: Double,
    peak: Double, chip: Chip
  ) {
    let floor = max(peak > 0 ? estimate.operations / peak : 0, estimate.bytes / chip.bandwidth)
    report.add(
      .init(gpu: accelerator.name, kind: kind, dtype: dtype), predicted: microseconds(estimate), measured: measured,
      floor: floor)
  }

  /// A time above 0.
  private func time(_ table: MeasuredTable, _ row: Int, _ column: Int) throws(MeasuredTableError) -> Double {
    let value = try table.number(row, column)
    guard value > 0 else { throw table.wrong(row, column, "a time above 0") }
    return value
  }

  // MARK: Tables

  private mutating func addProducts(_ table: MeasuredTable) throws(MeasuredTableError) {
    let (gpu, dtype, latency) = (try table.column("gpu"), try table.column("dtype"), try table.column("latency_us"))
    let (m, n, k) = (try table.column("m"), try table.column("n"), try table.column("k"))
    for row in 0..<table.count {
      guard let accelerator = try accelerator(table, row, gpu) else { continue }
      let shape = [try table.integer(row, m), try table.integer(row, n), try table.integer(row, k)]
      if options.onlyHeldOut, !HoldOut.holds(shape) { continue }
      let word = table.text(row, dtype)
      if options.onlyWide, Self.format(word)?.0 != .bf16 { continue }
      let measured = try time(table, row, latency)
      guard let (format, arithmetic) = Self.format(word) else {
        report.leaveOut("there is no matrix product for \(word)")
        continue
      }
      let chip = chip(accelerator, format, arithmetic)
      let kernel = Gemm(columns: shape[1], depth: shape[2], weights: format)
      add(
        accelerator, "gemm", word, kernel.estimate(rows: shape[0], on: chip, residency: .repeated), measured: measured,
        peak: format == .bf16 ? chip.tensorRate : chip.weightTensorRate, chip: chip)
    }
  }

  private mutating func addAttention(_ table: MeasuredTable) throws(MeasuredTableError) {
    let (gpu, dtype, latency) = (try table.column("gpu"), try table.column("kv_dtype"), try table.column("latency_us"))
    let (batch, q, kv) = (try table.column("batch"), try table.column("q_len"), try table.column("kv_len"))
    let (heads, kvHeads) = (try table.column("heads"), try table.column("kv_heads"))
    let (dimension, window) = (try table.column("head_dim"), try table.column("window"))
    for row in 0..<table.count {
      guard let accelerator = try accelerator(table, row, gpu) else { continue }
      let sequences = try table.integer(row, batch)
      let (rows, context) = (try table.integer(row, q), try table.integer(row, kv))
      let (h, g) = (try table.integer(row, heads), try table.integer(row, kvHeads))
      let (d, w) = (try table.integer(row, dimension), try table.integer(row, window))
      guard sequences > 0, rows > 0, h > 0, g > 0, d > 0 else { throw table.wrong(row, batch, "a shape above 0") }
      guard context >= rows else { throw table.wrong(row, kv, "at least q_len") }
      let isPrefill = context == rows
      if options.onlyHeldOut, !HoldOut.holds([sequences, context, h, g, d, w]) { continue }
      let word = table.text(row, dtype)
      if options.onlyWide, Self.format(word)?.0 != .bf16 { continue }
      guard let (format, _) = Self.format(word), format != .fp4 else {
        report.leaveOut("there is no attention on KV in \(word)")
        continue
      }
      let chip = chip(accelerator)
      let estimate: KernelEstimate
      if rows == 1 {
        // One new token is a decode, also when it is a whole prompt.
        let kernel = DecodeAttention(
          heads: h, kvHeads: g, headDimension: d, kvFormat: format == .bf16 ? .f16 : .f8, window: w > 0 ? w : nil, pageTokens: 64, on: chip)
        var load = DecodeAttention.Load()
        for _ in 0..<sequences { kernel.add(context: context, to: &load) }
        estimate = kernel.estimate(load, residency: .repeated)
      } else {
        let kernel = PrefillAttention(
          heads: h, kvHeads: g, headDimension: d, kvFormat: format == .bf16 ? .f16 : .f8, window: w > 0 ? w : nil, pageTokens: 64, on: chip)
        var load = PrefillAttention.Load()
        for _ in 0..<sequences { kernel.add(rows: rows, history: context - rows, to: &load) }
        estimate = kernel.estimate(load)
      }
      add(
        accelerator, isPrefill ? "attention_prefill" : "attention_decode", word, estimate,
        measured: try time(table, row, latency), peak: 0, chip: chip)
    }
  }

  private mutating func addHistory(_ table: MeasuredTable) throws(MeasuredTableError) {
    let (gpu, latency, batch) = (try table.column("gpu"), try table.column("latency_us"), try table.column("batch"))
    let (q, history) = (try table.column("q_len"), try table.column("kv_cache_len"))
    let (heads, kvHeads) = (try table.column("heads"), try table.column("kv_heads"))
    let dimension = try table.column("head_dim")
    for row in 0..<table.count {
      guard let accelerator = try accelerator(table, row, gpu) else { continue }
      let (rows, before) = (try table.integer(row, q), try table.integer(row, history))
      if options.onlyHeldOut, !HoldOut.holds([rows, before]) { continue }
      let chip = chip(accelerator)
      let kernel = PrefillAttention(
        heads: try table.integer(row, heads), kvHeads: try table.integer(row, kvHeads),
        headDimension: try table.integer(row, dimension), on: chip)
      var load = PrefillAttention.Load()
      for _ in 0..<(try table.integer(row, batch)) { kernel.add(rows: rows, history: before, to: &load) }
      // Hugging Face's layer calls the bare kernel: nothing is launched around it and no KV is written.
      add(
        accelerator, "attention_history", "bf16", kernel.estimate(load), measured: try time(table, row, latency),
        peak: chip.tensorRate, chip: chip)
    }
  }

  private mutating func addMixed(_ table: MeasuredTable) throws(MeasuredTableError) {
    let (gpu, dtype, latency) = (try table.column("gpu"), try table.column("kv_dtype"), try table.column("latency_us"))
    let (q, history) = (try table.column("prefill_q"), try table.column("prefill_hist"))
    let (number, context) = (try table.column("n_decode"), try table.column("decode_kv"))
    let (heads, kvHeads) = (try table.column("heads"), try table.column("kv_heads"))
    let dimension = try table.column("head_dim")
    for row in 0..<table.count {
      guard let accelerator = try accelerator(table, row, gpu) else { continue }
      let (chunk, before) = (try table.integer(row, q), try table.integer(row, history))
      let (decodes, length) = (try table.integer(row, number), try table.integer(row, context))
      let (h, g, d) = (try table.integer(row, heads), try table.integer(row, kvHeads), try table.integer(row, dimension))
      if options.onlyHeldOut, !HoldOut.holds([chunk, before, decodes, length, h, g]) { continue }
      let chip = chip(accelerator)
      var batch = MixedAttention(heads: h, kvHeads: g, headDimension: d, on: chip)
      if chunk > 0 { batch.addChunk(rows: chunk, history: before) }
      // A decode's own token comes on top of those that it has in the cache; without a chunk it is counted among them.
      for _ in 0..<decodes { batch.addDecode(context: chunk > 0 ? length + 1 : max(1, length)) }
      let kind = chunk == 0 ? "attention_decode" : decodes == 0 ? "attention_prefill" : "attention_mixed"
      report.add(
        .init(gpu: accelerator.name, kind: kind, dtype: table.text(row, dtype)), predicted: batch.microseconds,
        measured: try time(table, row, latency))
    }
  }

  private mutating func addSkew(_ table: MeasuredTable) throws(MeasuredTableError) {
    let (gpu, q, number) = (try table.column("gpu"), try table.column("prefill_q"), try table.column("n_decode"))
    let (big, small, large) = (try table.column("n_big"), try table.column("kv_small"), try table.column("kv_big"))
    let (mean, equal) = (try table.column("kv_mean"), try table.column("latency_mean_us"))
    let (skewed, heads) = (try table.column("latency_skewed_us"), try table.column("heads"))
    let (kvHeads, dimension) = (try table.column("kv_heads"), try table.column("head_dim"))
    for row in 0..<table.count {
      guard let accelerator = try accelerator(table, row, gpu) else { continue }
      guard try table.integer(row, q) == 0 else {
        report.leaveOut("\(table.file): only pure decodes are compared")
        continue
      }
      let (decodes, long) = (try table.integer(row, number), try table.integer(row, big))
      let (h, g, d) = (try table.integer(row, heads), try table.integer(row, kvHeads), try table.integer(row, dimension))
      let kernel = DecodeAttention(heads: h, kvHeads: g, headDimension: d, on: chip(accelerator))
      var unequal = DecodeAttention.Load()
      var even = DecodeAttention.Load()
      for index in 0..<decodes {
        kernel.add(context: try table.integer(row, index < long ? large : small), to: &unequal)
        kernel.add(context: try table.integer(row, mean), to: &even)
      }
      // Only the ratio to equal lengths: the times are about three times those of the mixed table.
      report.add(
        .init(gpu: accelerator.name, kind: "attention_skew", dtype: "ratio"),
        predicted: microseconds(kernel.estimate(unequal)) / microseconds(kernel.estimate(even)),
        measured: try time(table, row, skewed) / (try time(table, row, equal)))
    }
  }

  /// The one model of the tables whose routing is limited to groups.
  private static func isDeepSeekV3(experts: Int, active: Int, hidden: Int) -> Bool { (experts, active, hidden) == (256, 8, 7168) }

  private mutating func addExperts(_ table: MeasuredTable) throws(MeasuredTableError) {
    let (gpu, dtype, latency) = (try table.column("gpu"), try table.column("dtype"), try table.column("latency_us"))
    let (tokens, hidden, inter) = (try table.column("num_tokens"), try table.column("hidden"), try table.column("inter"))
    let (top, experts) = (try table.column("topk"), try table.column("num_experts"))
    let (tp, ep, routing) = (try table.column("moe_tp"), try table.column("moe_ep"), try table.column("routing"))
    let backend = table.header.firstIndex(of: "kernel")
    for row in 0..<table.count {
      guard let accelerator = try accelerator(table, row, gpu) else { continue }
      var shape: [Int] = []
      for column in [tokens, hidden, inter, top, experts, tp, ep] {
        let number = try table.integer(row, column)
        guard number > 0 else { throw table.wrong(row, column, "a whole number above 0") }
        shape.append(number)
      }
      let distribution = table.text(row, routing)
      if options.onlyHeldOut, !HoldOut.holds(shape, distribution) { continue }
      let word = table.text(row, dtype)
      if options.onlyWide, Self.format(word)?.0 != .bf16 { continue }
      guard let (format, arithmetic) = Self.format(word) else {
        report.leaveOut("there are no fused experts for \(word)")
        continue
      }
      var spread = Experts.Routing.balanced
      if distribution.hasPrefix("power_law") {
        spread = .powerLaw(exponent: distribution.split(separator: "_").last.flatMap { Double($0) } ?? 1.2)
      } else if distribution != "balanced" {
        spread = .random
      } else if Self.isDeepSeekV3(experts: shape[4], active: shape[3], hidden: shape[1]) {
        // Of its 8 groups 4 are kept.
        spread = .groupLimited(kept: 4)
      }
      let library = backend.flatMap { Experts.Backend(rawValue: table.text(row, $0)) }
      let chip = chip(accelerator, format, arithmetic, backend: library)
      let kernel = Experts(
        shape: .init(count: shape[4], active: shape[3], intermediate: shape[2]), hidden: shape[1], ranks: shape[5],
        expertRanks: shape[6], weights: format, routing: spread)
      add(
        accelerator, "moe", word, kernel.estimate(rows: shape[0], on: chip, residency: .repeated),
        measured: try time(table, row, latency), peak: chip.weightTensorRate, chip: chip)
    }
  }

  private mutating func addCommunication(_ table: MeasuredTable) throws(MeasuredTableError) {
    let (gpu, impl, op) = (try table.column("gpu"), try table.column("impl"), try table.column("op"))
    let (world, bytes, latency) = (try table.column("world_size"), try table.column("bytes"), try table.column("latency_us"))
    for row in 0..<table.count {
      guard let accelerator = try accelerator(table, row, gpu) else { continue }
      let (ranks, message) = (try table.integer(row, world), try table.integer(row, bytes))
      if options.onlyHeldOut, !HoldOut.holds([ranks, message]) { continue }
      let word = table.text(row, op)
      let library = table.text(row, impl)
      let operation: Communication.Operation? =
        switch word {
        case "all_reduce": .allReduce
        case "all_gather": .allGather
        case "reduce_scatter": .reduceScatter
        case "alltoall", "all_to_all": .allToAll
        case "send_recv", "p2p": .send
        default: nil
        }
      guard let operation, ranks > 1 else {
        report.leaveOut("there is no collective \(word)")
        continue
      }
      if library.hasPrefix("torch") || library.hasSuffix("eager") {
        report.leaveOut("collectives outside a CUDA graph (\(library)): their times include the host's")
        continue
      }
      let isCustom = library.hasPrefix("vllm_custom")
      let kernel = Communication(
        operation, bytesPerRow: 1, ranks: ranks, library: isCustom ? .automatic : .collective)
      report.add(
        .init(gpu: accelerator.name, kind: word, dtype: isCustom ? "custom" : "nccl"),
        predicted: microseconds(kernel.estimate(rows: message, on: chip(accelerator))),
        measured: try time(table, row, latency))
    }
  }

  private mutating func addLayers(_ table: MeasuredTable) throws(MeasuredTableError) {
    let (gpu, dtype, latency) = (try table.column("gpu"), try table.column("dtype"), try table.column("latency_us"))
    let (op, tokens, n, k) = (
      try table.column("op"), try table.column("tokens"), try table.column("n"), try table.column("k")
    )
    let library = table.header.firstIndex(of: "framework")
    for row in 0..<table.count {
      guard let accelerator = try accelerator(table, row, gpu) else { continue }
      let word = table.text(row, op)
      guard !table.isEmpty(row, n), !table.isEmpty(row, k) else {
        report.leaveOut("\(table.file): \(word): the table does not give its width")
        continue
      }
      let shape = [try table.integer(row, tokens), try table.integer(row, n), try table.integer(row, k)]
      if options.onlyHeldOut, !HoldOut.holds(shape) { continue }
      guard let (format, arithmetic) = Self.format(table.text(row, dtype)) else {
        report.leaveOut("there is no matrix product for \(table.text(row, dtype))")
        continue
      }
      var host = accelerator
      if let library, accelerator.architecture == .hopper, table.text(row, library).hasPrefix("sarathi") {
        // Hopper's asynchronous products were young in the libraries of 2023.
        host.calibrated = .init(gemm: 0.70, memory: 0.85, isMeasured: true)
        host.name += " 2023"
      }
      let chip = chip(host, format, arithmetic)
      let kernel = Gemm(columns: shape[1], depth: shape[2], weights: format)
      add(
        accelerator, "layer_gemm", table.text(row, dtype), kernel.estimate(rows: shape[0], on: chip),
        measured: try time(table, row, latency), peak: chip.tensorRate, chip: chip)
    }
  }
}
