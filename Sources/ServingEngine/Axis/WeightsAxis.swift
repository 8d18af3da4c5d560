import Core
import Hardware
import KVMemory
import Scheduling

extension AxisCatalogue {
  public static let weights = Axis(
    name: "weights", summary: "in what the weights of the projections are kept",
    members: WeightFormat.members,
    current: { $0.weights.choice.description },
    obstacle: { engine, choice in WeightFormat(choice).flatMap { engine.obstacle(toWeights: $0) } },
    warning: { engine, choice in
      guard choice != engine.weights.choice, engine.state.memory.pool.usedCount > 0 else { return nil }
      return "weights are loaded anew; what is in memory stays as \(engine.weights.choice) gave it until it is computed again"
    },
    wantsFork: { engine, choice in
      guard let format = WeightFormat(choice), format != engine.weights else { return false }
      return engine.keepsWeights && engine.device.obstacle(toWeights: format) == nil
    },
    change: { engine, choice in WeightFormat(choice).map { engine.setWeights($0) } ?? [] })
}
