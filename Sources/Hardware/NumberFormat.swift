/// How a number is stored in weights.
public enum NumberFormat: String, CaseIterable, Sendable {
  /// Also stands for fp16, which has the same size and rate everywhere here.
  case bf16
  /// 8-bit floating point, one scale for a tensor.
  case fp8
  /// NVIDIA's 4-bit floating point with an 8-bit scale for each 16 numbers.
  case fp4

  /// Scales included.
  public var bytes: Double {
    switch self {
    case .bf16: 2
    case .fp8: 1
    case .fp4: 0.5625
    }
  }
}
