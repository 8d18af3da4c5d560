import Core
import Hardware

extension AxisCatalogue {
  /// How much is measured of what a lossy cache does.
  static let shadow = Axis(
    name: "shadow", summary: "one request in so many is computed with an exact cache too while the one in use is lossy; 0: none",
    members: [], range: 0...1_024,
    current: { String($0.device.shadowRate ?? 0) },
    obstacle: { engine, _ in engine.device.shadowRate == nil ? "\(engine.device.name) computes no tokens that could be compared" : nil },
    change: { engine, choice in
      engine.device.shadowRate = choice.values[0]
      return []
    })
}
