import Core

extension AxisCatalogue {
  static let kvFormat = Axis(
    name: "kv-format", summary: "how keys and values are kept: bytes of a token, and what is lost",
    members: KVFormat.allCases.map(\.descriptor),
    current: { $0.kvFormat.rawValue },
    obstacle: { engine, choice in KVFormat(rawValue: choice.name).flatMap { engine.obstacle(toKVFormat: $0) } },
    warning: { engine, choice in
      guard let format = KVFormat(rawValue: choice.name), format != engine.kvFormat else { return nil }
      if engine.kvFormat.isLossy { return "what \(engine.kvFormat.rawValue) has lost stays lost in what is in memory, until it is computed again" }
      return format.isLossy ? "loses precision of what is in memory; only computing it again brings that back" : nil
    },
    wantsFork: { engine, choice in engine.membership != nil && engine.kvFormat.rawValue != choice.name },
    change: { engine, choice in KVFormat(rawValue: choice.name).map { engine.setKVFormat($0) } ?? [] })
}
