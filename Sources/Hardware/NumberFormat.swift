/// How a number is stored in weights.
public enum NumberFormat: String, CaseIterable, Sendable {
  /// Also stands for fp16, which has the same size and rate everywhere here.
  case bf16
  /// 8-bit floating point, one scale for a tensor.
  case fp8
  /// NVIDIA's 4-bit floating point with an 8-bit scale for each 16 numbers.
  case fp4
  /// The open 4-bit floating point with an 8-bit scale for each 32 numbers; activations stay 16 bit.
  case mxfp4
  /// 8-bit whole numbers with a 16-bit scale for each 128 (GPTQ); activations stay 16 bit.
  case int8
  /// 4-bit whole numbers with a 16-bit scale for each 128 (AWQ, GPTQ); activations stay 16 bit.
  case int4
  /// The same, and activations of 4 bits, in some tiles of 8 (COMET).
  case w4a4

  /// Scales included.
  public var bytes: Double {
    switch self {
    case .bf16: 2
    case .fp8: 1
    case .fp4: 0.5625
    case .mxfp4: 0.53125
    case .int8: 1.015625
    case .int4, .w4a4: 0.515625
    }
  }
}
