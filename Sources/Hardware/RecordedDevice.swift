public import Core

/// A machine that computes, by what was measured of it.
public struct MeasuredMachine: Equatable, Sendable, Codable {
  /// Instructions of its kernels: `AVX-512`.
  public var path: String
  public var threads: Int
  /// Bytes a second that all threads read from memory.
  public var memoryBytesPerSecond: Double
  /// Bytes a second that all threads read again and again from a buffer of 92 MiB, the size of a small model.
  public var cacheBytesPerSecond: Double
  /// Float operations a second of all threads (a multiply-add counts two).
  public var floatOperationsPerSecond: Double
  /// Eight-bit integer operations a second of all threads.
  public var integerOperationsPerSecond: Double

  public init(
    path: String, threads: Int, memoryBytesPerSecond: Double, cacheBytesPerSecond: Double, floatOperationsPerSecond: Double,
    integerOperationsPerSecond: Double
  ) {
    self.path = path
    self.threads = threads
    self.memoryBytesPerSecond = memoryBytesPerSecond
    self.cacheBytesPerSecond = cacheBytesPerSecond
    self.floatOperationsPerSecond = floatOperationsPerSecond
    self.integerOperationsPerSecond = integerOperationsPerSecond
  }
}

extension Device {
  /// What a recording keeps of a device whose outcomes are inputs; nil for one that takes the same steps again.
  public var recordedFacts: RecordedDevice.Facts? {
    if let joined = self as? JoinedDevice { return joined.tokens.recordedFacts }
    return (remembered as? RecordedDevice)?.facts
  }
}

/// What remains of a device that measured, when its steps are told and not taken: in a moment of the past, on the screen,
/// in a recording.
///
/// It computes nothing. Everything a recording must know of the device that made it is here.
public struct RecordedDevice: Device {
  public var facts: Facts
  /// Nil where the model is not at hand.
  public var language: (any Language)?
  public var kvFormat: KVFormat
  public var weights: WeightFormat

  public struct Facts: Equatable, Sendable, Codable {
    /// One line for people.
    public var name: String
    /// The most tokens of a sequence.
    public var contextLength: Int
    public var vocabulary: Int
    /// Tokens that end a text, unless they are ignored.
    public var endsOfText: [TokenID]
    /// Bytes of keys and values of a token in all layers, in f16.
    public var kvBytesPerToken: Int
    /// Channels of a key head; nil in recordings of before there were other formats.
    public var headWidth: Int?
    /// Bytes of the weights that a step reads at least.
    public var weightBytes: Int
    /// Products take activations rounded to eight bits; otherwise floats.
    public var roundsActivations: Bool
    /// Nil when it was not measured.
    public var machine: MeasuredMachine?
    /// The smaller model that may draft; nil where none was loaded.
    public var draftModel: String?

    public init(
      name: String, contextLength: Int, vocabulary: Int, endsOfText: [TokenID], kvBytesPerToken: Int, weightBytes: Int,
      roundsActivations: Bool, machine: MeasuredMachine?, draftModel: String? = nil, headWidth: Int? = nil
    ) {
      self.headWidth = headWidth
      self.name = name
      self.contextLength = contextLength
      self.vocabulary = vocabulary
      self.endsOfText = endsOfText
      self.kvBytesPerToken = kvBytesPerToken
      self.weightBytes = weightBytes
      self.roundsActivations = roundsActivations
      self.machine = machine
      self.draftModel = draftModel
    }

    /// Bytes of a token in a format.
    public func kvBytesPerToken(_ format: KVFormat) -> Int {
      guard let headWidth, format != .f16 else { return kvBytesPerToken }
      return format.bytesPerToken(kvHeads: kvBytesPerToken / (4 * headWidth), headWidth: headWidth)
    }

    /// How fast this machine reads weights of this size: from its last cache where they are no larger than what that was
    /// measured with by a third, else from memory.
    public var bytesPerSecond: Double? {
      machine.map { weightBytes <= 128 << 20 ? max($0.cacheBytesPerSecond, $0.memoryBytesPerSecond) : $0.memoryBytesPerSecond }
    }

    /// The most operations a second that products could reach, with the numbers they multiply.
    public var operationsPerSecond: Double? {
      machine.map { roundsActivations ? $0.integerOperationsPerSecond : $0.floatOperationsPerSecond }
    }

    /// Which roof a kernel is under: the nearer one; neither where it reaches less than a tenth of both.
    ///
    /// - Source: Williams, Waterman & Patterson 2009, "Roofline", CACM 52(4).
    public func bound(operations: Double, bytes: Double, duration: EngineTime) -> KernelRun.Bound {
      guard let bytesPerSecond, let operationsPerSecond, duration > .zero else { return .latency }
      let (arithmetic, traffic) = (operations / operationsPerSecond, bytes / bytesPerSecond)
      if max(arithmetic, traffic) < duration.seconds / 10 { return .latency }
      return arithmetic > traffic ? .compute : .memory
    }
  }

  public init(_ facts: Facts, language: (any Language)? = nil, kvFormat: KVFormat = .f16, weights: WeightFormat = .asLoaded) {
    self.weights = weights
    self.kvFormat = kvFormat
    self.facts = facts
    self.language = language
  }

  public var name: String { facts.name }
  public var isModelled: Bool { false }
  public func kernels(of batch: Batch) -> [KernelRun] { [] }
  /// As it was; it is told, not taken.
  public var shadowRate: Int? = 8
  public func fault(of means: DraftMeans) -> String? {
    means == .smallModel && facts.draftModel == nil ? "no smaller model was loaded when this began — begin with --draft-model FILE" : nil
  }

  public func obstacle(toKVFormat format: KVFormat, tokensPerBlock: Int) -> String? {
    if facts.headWidth == nil, format != .f16 { return "its recording knows f16 only — run the trace again" }
    return format.obstacle(tokensPerBlock: tokensPerBlock)
  }

  /// What came of it is told.
  public mutating func convert(to format: KVFormat, held: Int, tokensPerBlock: Int, filling: [BlockID]) throws(DeviceError) -> KVConversion {
    defer { kvFormat = format }
    return KVConversion(from: kvFormat, to: format, blocks: 0, bytes: 0, duration: .zero)
  }

  public func obstacle(toWeights format: WeightFormat) -> String? { format.obstacleOnCPU }

  /// The same.
  public mutating func reload(_ format: WeightFormat) throws(DeviceError) -> WeightReload {
    defer { weights = format }
    return WeightReload(from: weights.choice.description, to: format.choice.description, bytes: 0, blocks: 0, duration: .zero, way: .file)
  }

  public mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome {
    throw DeviceError(
      device: name, problem: .failed("the recorded steps end here, and its model is not loaded — run the trace again to go on"))
  }
}
