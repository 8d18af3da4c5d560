/// The datasheet of a GPU: what can be known of it without measuring.
///
/// Peaks are dense (no structured sparsity). The model of its time is `Chip`.
public struct Accelerator: Equatable, Sendable {
  public enum Architecture: String, Sendable {
    case ampere, ada, hopper
    case blackwell = "blackwell-dc"
    case blackwellUltra = "blackwell-dc-ultra"
    case blackwellRTX = "blackwell-rtx"
    case cdna3
  }

  /// How instructions reach the tensor cores, which decides how well a kernel hides its own overheads.
  public enum TensorIssue: String, Sendable {
    /// A warp waits for its own fragment (Ampere, Ada, Blackwell RTX).
    case synchronous = "mma.sync"
    /// Asynchronous, by groups of warps (Hopper).
    case warpGroup = "wgmma"
    /// Asynchronous, from tensor memory (data-centre Blackwell).
    case tensorMemory = "tcgen05"
    /// AMD's matrix cores.
    case matrixCore = "mfma"
  }

  /// Dense TFLOP/s with 32-bit accumulation (TOP/s for int8); nil where the chip has no such units.
  public struct Peaks: Equatable, Sendable {
    public var bf16: Double
    public var fp8: Double?
    public var fp4: Double?
    public var int8: Double?
  }

  /// Fractions of the datasheet's rates that well-shaped kernels reach.
  public struct Efficiency: Equatable, Sendable {
    /// Of the bf16 peak, in large matrix products.
    public var gemm: Double
    /// Of the memory bandwidth, when weights stream.
    public var memory: Double
    /// False when both are defaults of the chip's class.
    public var isMeasured: Bool
  }

  public var name: String
  /// Other spellings, compared without case and punctuation.
  public var aliases: [String]
  public var architecture: Architecture
  /// As the maker writes it: `9.0`, `gfx942`.
  public var computeCapability: String
  /// Streaming multiprocessors; AMD's compute units.
  public var multiprocessors: Int
  /// MHz; nil where no source states it.
  public var boostClock: Double?
  /// MHz at which multiprocessors × tensor rate gives the peak.
  public var peakClock: Double
  public var peaks: Peaks
  /// GB as it is sold; what a program sees is in `MemoryPlan`.
  public var memory: Double
  public var memoryType: String
  /// GB/s (10⁹).
  public var bandwidth: Double
  /// MB of last-level cache (AMD: Infinity Cache).
  public var cache: Double
  /// GB/s of NVLink or Infinity Fabric, both directions together; nil without.
  public var linkTotal: Double?
  /// GB/s in one direction to the other GPUs of the node.
  public var nodeBandwidth: Double
  public var pcieGeneration: Int
  /// GB/s in one direction.
  public var pcieBandwidth: Double
  /// What joins it to the CPU.
  public var hostLink: String
  /// Watts.
  public var power: Double
  /// Exponentials per clock and multiprocessor; nil where no source states it.
  public var exponentialRate: Double?
  public var tensorIssue: TensorIssue
  /// Nil where no measurement exists.
  public var measuredGemmEfficiency: Double?
  public var measuredMemoryEfficiency: Double?
  /// Where the numbers come from: A a published system specification, D datasheets.
  public var provenance: String
  public var notes: String

  public var hasLink: Bool { linkTotal != nil }

  /// Measured where both were measured, else defaults of its class.
  public var efficiency: Efficiency {
    if let gemm = measuredGemmEfficiency, let memory = measuredMemoryEfficiency {
      return Efficiency(gemm: gemm, memory: memory, isMeasured: true)
    }
    return Efficiency(gemm: classGemmEfficiency, memory: classMemoryEfficiency, isMeasured: false)
  }

  /// One line on how far its times can be trusted.
  public var confidence: String {
    efficiency.isMeasured
      ? "\(name): efficiencies measured on this GPU"
      : "\(name): efficiencies are defaults of its class (\(architecture.rawValue)), not measured"
  }

  /// Watts per TFLOP/s do not order the GPUs; these classes do, within about 5 %.
  private var classGemmEfficiency: Double {
    switch architecture {
    case .hopper: 0.80
    case .blackwell, .blackwellUltra: 0.73
    case .ampere: memoryType.hasPrefix("HBM") || memoryType.contains("ECC") ? 0.80 : 0.95
    // Boards without a display and below 400 W run into their power limit in large products.
    case .ada: power <= 350 ? 0.70 : 0.95
    case .blackwellRTX: 0.95
    // No measurement in any of our sources.
    case .cdna3: 0.70
    }
  }

  private var classMemoryEfficiency: Double {
    if memoryType.hasPrefix("HBM") { return 0.85 }
    return memoryType.contains("ECC") ? 0.81 : 0.93
  }
}
