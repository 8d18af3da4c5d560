/// Constants of fused experts, by backend and format.
///
/// Fitted to three quarters of the shapes of `moe.csv` (ai-dynamo/aiconfigurator, vLLM 0.14 to 0.24), the other quarter
/// held out by the hash of the shape.
extension Experts.Constants {
  init(
    _ accelerator: Accelerator, weights: NumberFormat, arithmetic: Chip.Arithmetic = .tensorScaled,
    backend: Experts.Backend? = nil
  ) {
    let isRTX = accelerator.architecture == .blackwellRTX || accelerator.architecture == .ada
    let isBlackwell = accelerator.isDataCentreBlackwell
    self =
      switch (weights, arithmetic) {
      case (.bf16, _) where isBlackwell:
        .init(launch: 11.5, memoryEfficiency: 0.908, arithmeticEfficiency: 0.446, overlap: 3.23, hiddenPasses: 0.33, widthPasses: 8.00,
          foreignPasses: 0.41, cyclesPerRow: 0, fillingPart: 0.215, residentEfficiency: 0.40, activationBytes: 2)
      case (.bf16, _) where accelerator.architecture == .blackwellRTX:
        .init(launch: 1.8, memoryEfficiency: 0.970, arithmeticEfficiency: 0.478, overlap: 2.93, hiddenPasses: 0.94, widthPasses: 3.56,
          foreignPasses: 0.00, cyclesPerRow: 307, fillingPart: 0.168, residentEfficiency: 0.29, activationBytes: 2)
      case (.bf16, _) where accelerator.tensorIssue == .synchronous:
        .init(launch: 1.0, memoryEfficiency: 0.970, arithmeticEfficiency: 0.451, overlap: 2.91, hiddenPasses: 1.76, widthPasses: 5.47,
          foreignPasses: 6.57, cyclesPerRow: 4, fillingPart: 0.440, residentEfficiency: 0.05, activationBytes: 2)
      case (.bf16, _):
        .init(launch: 32.9, memoryEfficiency: 0.961, arithmeticEfficiency: 0.589, overlap: 1.79, hiddenPasses: 1.20, widthPasses: 0.01,
          foreignPasses: 2.96, cyclesPerRow: 223, fillingPart: 0.277, residentEfficiency: 0.30, activationBytes: 2)
      case (.fp4, .weightOnly) where isBlackwell:
        .init(launch: 11.7, memoryEfficiency: 0.970, arithmeticEfficiency: 0.483, overlap: 6.00, hiddenPasses: 4.38, widthPasses: 8.00,
          foreignPasses: 1.17, cyclesPerRow: 139, fillingPart: 0.025, residentEfficiency: 0.18, activationBytes: 2)
      case (.fp4, .weightOnly) where isRTX:
        .init(launch: 6.0, memoryEfficiency: 0.904, arithmeticEfficiency: 1.000, overlap: 3.92, hiddenPasses: 1.10, widthPasses: 4.97,
          foreignPasses: 1.74, cyclesPerRow: 305, fillingPart: 1.000, residentEfficiency: 0.17, activationBytes: 2)
      case (.fp4, .weightOnly):
        .init(launch: 31.1, memoryEfficiency: 0.970, arithmeticEfficiency: 0.631, overlap: 6.00, hiddenPasses: 0.81, widthPasses: 0.34,
          foreignPasses: 1.07, cyclesPerRow: 321, fillingPart: 1.000, residentEfficiency: 0.13, activationBytes: 2)
      case (.fp8, .blockScaled) where isBlackwell:
        .init(launch: 23.5, memoryEfficiency: 0.970, arithmeticEfficiency: 0.252, overlap: 3.31, hiddenPasses: 1.71, widthPasses: 8.00,
          foreignPasses: 2.84, cyclesPerRow: 11, fillingPart: 0.064, residentEfficiency: 0.35, activationBytes: 1)
      case (.fp8, .blockScaled) where backend == .cutlass:
        .init(launch: 32.7, memoryEfficiency: 0.934, arithmeticEfficiency: 0.463, overlap: 1.91, hiddenPasses: 3.74, widthPasses: 0.00,
          foreignPasses: 0.00, cyclesPerRow: 3735, fillingPart: 0.213, residentEfficiency: 0.21, activationBytes: 1)
      case (.fp8, .blockScaled) where !isRTX:
        .init(launch: 36.5, memoryEfficiency: 0.925, arithmeticEfficiency: 0.432, overlap: 2.89, hiddenPasses: 2.17, widthPasses: 5.04,
          foreignPasses: 8.00, cyclesPerRow: 178, fillingPart: 0.612, residentEfficiency: 0.54, activationBytes: 1)
      case (.fp8, _) where isBlackwell:
        .init(launch: 13.7, memoryEfficiency: 0.904, arithmeticEfficiency: 0.517, overlap: 1.97, hiddenPasses: 1.16, widthPasses: 2.44,
          foreignPasses: 0.53, cyclesPerRow: 243, fillingPart: 0.203, residentEfficiency: 0.31, activationBytes: 1)
      case (.fp8, _) where isRTX:
        .init(launch: 15.6, memoryEfficiency: 0.970, arithmeticEfficiency: 0.445, overlap: 2.74, hiddenPasses: 1.24, widthPasses: 2.92,
          foreignPasses: 0.00, cyclesPerRow: 495, fillingPart: 0.170, residentEfficiency: 0.18, activationBytes: 1)
      case (.fp8, _) where backend == .cutlass:
        // As it was measured, not tuned for Hopper: seven to twelve times the cycles that its tensor cores need.
        .init(launch: 40.8, memoryEfficiency: 1, arithmeticEfficiency: 1, overlap: 1, hiddenPasses: 0, widthPasses: 0,
          foreignPasses: 0, cyclesPerRow: 0, fillingPart: 1, residentEfficiency: 1, activationBytes: 1,
          onePace: .init(change: 1.32, partCycles: 7100, fullCycles: 4070))
      case (.fp8, _):
        .init(launch: 36.5, memoryEfficiency: 0.925, arithmeticEfficiency: 0.432, overlap: 2.89, hiddenPasses: 2.17, widthPasses: 5.04,
          foreignPasses: 8.00, cyclesPerRow: 178, fillingPart: 0.612, residentEfficiency: 0.54, activationBytes: 1)
      case (.fp4, _) where isRTX:
        .init(launch: 41.0, memoryEfficiency: 0.964, arithmeticEfficiency: 0.647, overlap: 1.75, hiddenPasses: 1.55, widthPasses: 0.00,
          foreignPasses: 0.00, cyclesPerRow: 2146, fillingPart: 0.300, residentEfficiency: 0.06, activationBytes: 0.5625)
      case (.fp4, _), (.mxfp4, _), (.int8, _), (.int4, _), (.w4a4, _):
        .init(launch: 15.0, memoryEfficiency: 0.921, arithmeticEfficiency: 0.623, overlap: 1.43, hiddenPasses: 1.60, widthPasses: 2.27,
          foreignPasses: 0.53, cyclesPerRow: 267, fillingPart: 0.015, residentEfficiency: 0.35, activationBytes: 0.5625)
      }
  }
}
