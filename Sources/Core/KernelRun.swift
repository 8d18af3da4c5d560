/// What one kernel of a step did, or was modelled to do.
public struct KernelRun: Equatable, Sendable {
  /// In the order of a layer. The letter marks the kernel in every picture.
  public enum Kind: UInt8, CaseIterable, Sendable {
    case normalise, qkv, attentionIndex, attentionPrefill, attentionShared, attentionDecode, output, gateUp, down, experts, allReduce, send, head
    case sampler, retain

    public var letter: Character {
      switch self {
      case .normalise: "n"
      case .qkv: "q"
      case .attentionIndex: "i"
      case .attentionPrefill: "p"
      case .attentionShared: "c"
      case .attentionDecode: "a"
      case .output: "o"
      case .gateUp: "g"
      case .down: "d"
      case .experts: "x"
      case .allReduce: "r"
      case .send: "t"
      case .head: "L"
      case .sampler: "s"
      case .retain: "k"
      }
    }

    public var name: String {
      switch self {
      case .normalise: "norm+rope+act"
      case .qkv: "gemm qkv"
      case .attentionIndex: "attn index"
      case .attentionPrefill: "attn prefill"
      case .attentionShared: "attn shared"
      case .attentionDecode: "attn decode"
      case .output: "gemm out"
      case .gateUp: "gemm gate_up"
      case .down: "gemm down"
      case .experts: "moe experts"
      case .allReduce: "all-reduce"
      case .send: "to next stage"
      case .head: "lm_head"
      case .sampler: "sampler"
      case .retain: "kv retention"
      }
    }
  }

  /// What keeps it from being faster.
  public enum Bound: String, Sendable { case compute, memory, latency, link }

  public var kind: Kind
  /// Layer, from 0; nil for what runs once a step.
  public var layer: Int?
  /// Since the start of the step.
  public var start: EngineTime
  public var duration: EngineTime
  /// Floating-point operations (a multiply-add counts two).
  public var operations: Double
  /// Bytes through device memory.
  public var bytes: Double
  /// Output tiles, or units of work; 0, as the next three, where no SMs are.
  public var tiles: Int
  /// Rounds in which the tiles go over the SMs; the last is the tail.
  public var waves: Int
  /// SMs with work in a full wave.
  public var activeSMs: Int
  /// Part of those SMs with work in the last wave, 0...1.
  public var tailFill: Double
  public var bound: Bound
  /// Which of the sequences that run at the same time it belongs to, from 0.
  public var stream: Int
  /// The SMs it may use, by number; nil for all of the chip.
  public var share: Range<Int>?

  public init(
    kind: Kind, layer: Int?, start: EngineTime, duration: EngineTime, operations: Double, bytes: Double,
    tiles: Int, waves: Int, activeSMs: Int, tailFill: Double, bound: Bound, stream: Int = 0, share: Range<Int>? = nil
  ) {
    self.kind = kind
    self.layer = layer
    self.start = start
    self.duration = duration
    self.operations = operations
    self.bytes = bytes
    self.tiles = tiles
    self.waves = waves
    self.activeSMs = activeSMs
    self.tailFill = tailFill
    self.bound = bound
    self.stream = stream
    self.share = share
  }
}
