import Core
import KVMemory
import Scheduling

extension AxisCatalogue {
  static let kvFormat = Axis(
    name: "kv-format", summary: "how keys and values are kept: bytes of a token, and what is lost",
    members: KVFormat.allCases.map(\.descriptor),
    current: { $0.kvFormat.stored.rawValue },
    obstacle: { engine, choice in
      guard let format = KVFormat(rawValue: choice.name), format != engine.kvFormat.stored else { return nil }
      return engine.planner.retention.format == nil
        ? engine.obstacle(toKVFormat: format)
        : "--retain \(engine.planner.retention.choice) keeps elements in half precision — choose --retain all first"
    },
    warning: { engine, choice in
      guard let format = KVFormat(rawValue: choice.name), format != engine.kvFormat.stored else { return nil }
      if engine.kvFormat.isLossy { return "what \(engine.kvFormat.rawValue) has lost stays lost in what is in memory, until it is computed again" }
      return format.isLossy ? "loses precision of what is in memory; only computing it again brings that back" : nil
    },
    wantsFork: { engine, choice in engine.membership != nil && engine.kvFormat.stored.rawValue != choice.name },
    change: { engine, choice in
      guard let format = KVFormat(rawValue: choice.name), format != engine.kvFormat.stored else { return [] }
      return engine.setKVFormat(format)
    })
}
