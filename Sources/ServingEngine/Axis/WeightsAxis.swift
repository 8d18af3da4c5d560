import Core
import Hardware

extension AxisCatalogue {
  public static let weights = Axis(
    name: "weights", summary: "in what the weights of the projections are kept",
    members: WeightFormat.members,
    current: { $0.weights.choice.description },
    obstacle: { engine, choice in
      choice == engine.weights.choice ? nil : "weights are loaded, and their memory is shared out, before the first step — start a run with them"
    },
    change: { _, _ in [] })
}
