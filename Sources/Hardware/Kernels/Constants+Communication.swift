/// Constants of collectives, by generation of the links.
///
/// Fitted to all rows of `comm.csv` (ai-dynamo/aiconfigurator: nccl-tests 2.23 to 2.29, and vLLM's own all-reduce inside
/// CUDA graphs) with NVLink. Behind PCIe the node decides, and the figures are a rough middle.
extension Communication {
  struct Family: Equatable, Sendable {
    var allReduce: Constants
    var allGather: Constants
    var reduceScatter: Constants
    var allToAll: Constants
    var custom: Constants

    func library(for operation: Operation) -> Constants {
      switch operation {
      case .allReduce: allReduce
      case .allGather: allGather
      case .reduceScatter: reduceScatter
      case .allToAll, .send: allToAll
      }
    }

    /// A100.
    static let thirdGeneration = Self(
      allReduce: .init(start: 5.62, hop: 5.27, shortEfficiency: 0.352, announce: 20.01, longEfficiency: 0.711),
      allGather: .init(start: 9.48, hop: 1.83, shortEfficiency: 0.220, announce: 15.68, longEfficiency: 0.629),
      reduceScatter: .init(start: 9.04, hop: 1.95, shortEfficiency: 0.240, announce: 17.01, longEfficiency: 0.679),
      allToAll: .init(start: 12.10, hop: 0.26, shortEfficiency: 0.215, announce: 10.60, longEfficiency: 0.622),
      custom: .init(start: 4.59, hop: 0.38, shortEfficiency: 0.575, announce: 7.66, longEfficiency: 0.736))
    /// Hopper.
    static let fourthGeneration = Self(
      allReduce: .init(start: 2.29, hop: 4.43, shortEfficiency: 0.363, announce: 6.62, longEfficiency: 0.750),
      allGather: .init(start: 3.87, hop: 2.23, shortEfficiency: 0.308, announce: 8.36, longEfficiency: 0.688),
      reduceScatter: .init(start: 3.73, hop: 2.17, shortEfficiency: 0.369, announce: 4.67, longEfficiency: 0.662),
      allToAll: .init(start: 9.01, hop: 0.04, shortEfficiency: 0.421, announce: 8.00, longEfficiency: 0.659),
      custom: .init(start: 4.06, hop: 0.23, shortEfficiency: 0.584, announce: 4.46, longEfficiency: 0.726))
    /// B200: eight GPUs behind one set of switches.
    static let fifthGeneration = Self(
      allReduce: .init(start: 3.62, hop: 6.71, shortEfficiency: 0.299, announce: 18.45, longEfficiency: 0.735),
      allGather: .init(start: 6.07, hop: 3.50, shortEfficiency: 0.245, announce: 14.23, longEfficiency: 0.687),
      reduceScatter: .init(start: 5.73, hop: 3.52, shortEfficiency: 0.248, announce: 13.66, longEfficiency: 0.657),
      allToAll: .init(start: 9.57, hop: 0.35, shortEfficiency: 0.023, announce: 2.97, longEfficiency: 0.515),
      custom: .init(start: 6.34, hop: 0.34, shortEfficiency: 0.182, announce: 10.34, longEfficiency: 0.555))
    /// GB200: NVLink through the switches of a rack.
    static let rack = Self(
      allReduce: .init(start: 6.01, hop: 5.02, shortEfficiency: 0.297, announce: 17.77, longEfficiency: 0.688),
      allGather: .init(start: 7.96, hop: 2.02, shortEfficiency: 0.193, announce: 12.61, longEfficiency: 0.596),
      reduceScatter: .init(start: 7.61, hop: 2.16, shortEfficiency: 0.212, announce: 10.06, longEfficiency: 0.543),
      allToAll: .init(start: 10.51, hop: 0.07, shortEfficiency: 0.021, announce: 3.14, longEfficiency: 0.470),
      custom: .init(start: 5.02, hop: 0.01, shortEfficiency: 0.050, announce: 0.25, longEfficiency: 0.242))
    /// No direct links.
    static let bus = Self(
      allReduce: .init(start: 10.00, hop: 6.00, shortEfficiency: 0.250, announce: 10.00, longEfficiency: 0.550),
      allGather: .init(start: 10.00, hop: 6.00, shortEfficiency: 0.250, announce: 10.00, longEfficiency: 0.550),
      reduceScatter: .init(start: 10.00, hop: 6.00, shortEfficiency: 0.250, announce: 10.00, longEfficiency: 0.550),
      allToAll: .init(start: 10.00, hop: 6.00, shortEfficiency: 0.250, announce: 10.00, longEfficiency: 0.550),
      custom: .init(start: 10.00, hop: 6.00, shortEfficiency: 0.250, announce: 10.00, longEfficiency: 0.550))

    init(_ accelerator: Accelerator) {
      self =
        switch accelerator.tensorIssue {
        case _ where !accelerator.hasLink: .bus
        case .warpGroup: .fourthGeneration
        case .tensorMemory: accelerator.hostLink.contains("C2C") ? .rack : .fifthGeneration
        case .synchronous, .matrixCore: .thirdGeneration
        }
    }

    init(
      allReduce: Constants, allGather: Constants, reduceScatter: Constants, allToAll: Constants, custom: Constants
    ) {
      self.allReduce = allReduce
      self.allGather = allGather
      self.reduceScatter = reduceScatter
      self.allToAll = allToAll
      self.custom = custom
    }
  }
}
