/// Constants of matrix products, by how tensor cores are fed and what is multiplied.
///
/// Fitted to three quarters of the shapes of `gemm.csv` (ai-dynamo/aiconfigurator: cuBLAS for bf16, CUTLASS, DeepGEMM
/// and TensorRT-LLM for narrow formats), the other quarter held out by the hash of the shape. Only
/// `Accelerator.efficiency` differs from GPU to GPU of a family.
extension Gemm.Constants {
  init(_ accelerator: Accelerator, weights: NumberFormat, arithmetic: Chip.Arithmetic = .tensorScaled) {
    let efficiency = accelerator.efficiency
    let isRTX = accelerator.tensorIssue == .synchronous
    let isHopper = accelerator.tensorIssue == .warpGroup
    switch weights {
    case .bf16 where isHopper:
      self.init(
        launch: 1.71, fullIntensity: 129, prologue: 0.78, fillingPart: 1.000, overlap: 3.11, reduction: 2.68, partialBytes: 3.1,
        smoothing: 0.97, cacheEfficiency: 0.386, residentEfficiency: 0.571, activationPasses: 0.80, rowStep: 16, narrowTiles: .max, cluster: 1,
        arithmeticEfficiency: efficiency.gemm, memoryEfficiency: efficiency.memory, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 8.5, residentFrom: 0.46, residentOver: 0.20, quantisation: nil)
    case .bf16 where accelerator.tensorIssue == .tensorMemory:
      self.init(
        launch: 1.25, fullIntensity: 129, prologue: 0.78, fillingPart: 1.000, overlap: 3.11, reduction: 2.68, partialBytes: 3.1,
        smoothing: 0.97, cacheEfficiency: 0.386, residentEfficiency: 0.571, activationPasses: 0.80, rowStep: 16, narrowTiles: .max, cluster: 1,
        arithmeticEfficiency: efficiency.gemm, memoryEfficiency: efficiency.memory, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 8.5, residentFrom: 0.46, residentOver: 0.20, quantisation: nil)
    case .bf16 where accelerator.memoryType.hasPrefix("HBM"):
      self.init(
        launch: 2.09, fullIntensity: 94, prologue: 1.56, fillingPart: 0.020, overlap: 2.55, reduction: 1.99, partialBytes: 1.7,
        smoothing: 0.00, cacheEfficiency: 0.161, residentEfficiency: 0.158, activationPasses: 0.74, rowStep: 0, narrowTiles: 6, cluster: 1,
        arithmeticEfficiency: efficiency.gemm, memoryEfficiency: efficiency.memory, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 5.6, residentFrom: 0.81, residentOver: 0.33, quantisation: nil)
    case .bf16:
      self.init(
        launch: 0.1, fullIntensity: 94, prologue: 1.56, fillingPart: 0.020, overlap: 2.55, reduction: 1.99, partialBytes: 1.7,
        smoothing: 0.00, cacheEfficiency: 0.161, residentEfficiency: 0.158, activationPasses: 0.74, rowStep: 0, narrowTiles: 6, cluster: 1,
        arithmeticEfficiency: efficiency.gemm, memoryEfficiency: efficiency.memory, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 5.6, residentFrom: 0.81, residentOver: 0.33, quantisation: nil)
    case .fp8 where arithmetic == .blockScaled && isRTX:
      self.init(
        launch: 0.3, fullIntensity: 102, prologue: 4.42, fillingPart: 0.020, overlap: 3.33, reduction: nil, partialBytes: 0.0,
        smoothing: 1.00, cacheEfficiency: 0.050, residentEfficiency: 0.050, activationPasses: 1.50, rowStep: 0, narrowTiles: .max, cluster: 1,
        arithmeticEfficiency: 0.682, memoryEfficiency: 0.839, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 1.0, residentFrom: 1.19, residentOver: 2.00, quantisation: .init(launch: 0.00, passes: 3.30, cyclesPerRow: 6000))
    case .fp8 where arithmetic == .blockScaled && isHopper:
      self.init(
        launch: 1.7, fullIntensity: 133, prologue: 0.69, fillingPart: 0.043, overlap: 2.42, reduction: nil, partialBytes: 0.0,
        smoothing: 0.34, cacheEfficiency: 0.191, residentEfficiency: 0.122, activationPasses: 1.17, rowStep: 0, narrowTiles: .max, cluster: 1,
        arithmeticEfficiency: 0.683, memoryEfficiency: 0.868, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 4.6, residentFrom: 1.50, residentOver: 2.00, quantisation: .init(launch: 0.98, passes: 1.49, cyclesPerRow: 51))
    case .fp8 where arithmetic == .blockScaled:
      self.init(
        launch: 1.25, fullIntensity: 131, prologue: 1.32, fillingPart: 1.500, overlap: 2.65, reduction: nil, partialBytes: 0.0,
        smoothing: 1.00, cacheEfficiency: 0.403, residentEfficiency: 0.193, activationPasses: 1.50, rowStep: 16, narrowTiles: .max, cluster: 1,
        arithmeticEfficiency: 0.674, memoryEfficiency: 0.885, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 9.0, residentFrom: 0.20, residentOver: 0.46, quantisation: .init(launch: 2.84, passes: 1.54, cyclesPerRow: 5))
    case .fp8 where isRTX:
      self.init(
        launch: 0.3, fullIntensity: 114, prologue: 2.13, fillingPart: 0.020, overlap: 3.19, reduction: nil, partialBytes: 0.0,
        smoothing: 0.46, cacheEfficiency: 0.089, residentEfficiency: 1.136, activationPasses: 0.86, rowStep: 0, narrowTiles: .max, cluster: 1,
        arithmeticEfficiency: 0.941, memoryEfficiency: 0.935, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 5.7, residentFrom: 0.69, residentOver: 0.46, quantisation: .init(launch: 1.64, passes: 1.81, cyclesPerRow: 1299))
    case .fp8 where isHopper:
      self.init(
        launch: 1.7, fullIntensity: 134, prologue: 0.98, fillingPart: 0.026, overlap: 3.13, reduction: nil, partialBytes: 0.0,
        smoothing: 0.77, cacheEfficiency: 0.239, residentEfficiency: 0.247, activationPasses: 1.07, rowStep: 0, narrowTiles: .max, cluster: 2,
        arithmeticEfficiency: 0.702, memoryEfficiency: 0.873, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 5.3, residentFrom: 0.44, residentOver: 0.20, quantisation: .init(launch: 2.00, passes: 3.14, cyclesPerRow: 1538))
    case .fp8:
      self.init(
        launch: 1.25, fullIntensity: 175, prologue: 1.22, fillingPart: 1.184, overlap: 4.01, reduction: nil, partialBytes: 0.0,
        smoothing: 0.85, cacheEfficiency: 0.337, residentEfficiency: 0.389, activationPasses: 1.50, rowStep: 0, narrowTiles: .max, cluster: 1,
        arithmeticEfficiency: 0.775, memoryEfficiency: 0.766, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 8.3, residentFrom: 0.76, residentOver: 0.25, quantisation: .init(launch: 2.88, passes: 5.85, cyclesPerRow: 1620))
    case .fp4 where isRTX:
      self.init(
        launch: 0.3, fullIntensity: 181, prologue: 2.40, fillingPart: 1.167, overlap: 2.16, reduction: nil, partialBytes: 0.0,
        smoothing: 0.97, cacheEfficiency: 0.085, residentEfficiency: 0.050, activationPasses: 0.11, rowStep: 0, narrowTiles: .max, cluster: 1,
        arithmeticEfficiency: 0.83, memoryEfficiency: 0.886, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 9.0, residentFrom: 0.20, residentOver: 0.20, quantisation: .init(launch: 1.27, passes: 1.44, cyclesPerRow: 39))
    case .w4a4:
      // Nothing was measured of it: the 16-bit product's constants at another peak, and activations made by their traffic
      // alone (two bytes are read, half a byte is written).
      self.init(accelerator, weights: .bf16)
      quantisation = .init(launch: 2.00, passes: 1.25, cyclesPerRow: 0)
    case .fp4, .mxfp4, .int8, .int4:
      self.init(
        launch: 1.25, fullIntensity: 176, prologue: 0.76, fillingPart: 0.969, overlap: 1.98, reduction: nil, partialBytes: 0.0,
        smoothing: 0.40, cacheEfficiency: 0.344, residentEfficiency: 0.250, activationPasses: 0.08, rowStep: 0, narrowTiles: .max, cluster: 1,
        arithmeticEfficiency: 0.553, memoryEfficiency: 0.92, sustainedLoss: efficiency.sustainedLoss,
        residentCopies: 3.7, residentFrom: 0.95, residentOver: 1.11, quantisation: .init(launch: 2.09, passes: 1.66, cyclesPerRow: 88))
    }
  }
}
