import Analysis
import Core
import Hardware
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

/// What the panels of the page Comp have in common.
enum CompressionMoment {
  /// Choices that change what is kept of keys and values, or read.
  static let axes = ["kv-format", "retain", "attention", "weights"]

  /// Requests that run, in order of their numbers.
  static func running(_ scene: Scene) -> [RequestID] {
    let state = scene.run.engine.state.scheduler
    return state.running.map { state.requests[Int($0)].id }.sorted()
  }

  /// The request whose tokens are shown: the selected one if it runs, else the first.
  static func watched(_ scene: Scene) -> RequestID? {
    let running = running(scene)
    return running.first { $0 == scene.view.selected } ?? running.first
  }

  /// What the engine tells of it; where attention chose, only the device knows, and posts it for the request that is watched.
  static func kept(of request: RequestID, _ scene: Scene) -> KeptTokens? {
    if let (watched, kept) = scene.snapshot.kept, watched == request { return kept }
    return scene.run.engine.kept(of: request)
  }

  /// Whether tokens can differ from those of an exact cache that is read whole.
  static func isLossy(_ engine: Engine) -> Bool {
    engine.kvFormat.isLossy || !engine.planner.retention.keepsAll || ["top-pages", "double-sparse", "pattern-prefill"].contains(engine.attention.choice.name)
  }

  /// `0.0123`, `1.2e-6`
  static func nats(_ value: Double) -> String {
    if value == 0 { return "0" }
    if value >= 0.001 { return Figure.fixed(value, decimals: value >= 1 ? 2 : 4) }
    let exponent = Int(log10(value).rounded(.down))
    return "\(Figure.fixed(value / pow10(exponent), decimals: 1))e\(exponent)"
  }

  private static func log10(_ value: Double) -> Double {
    var (exponent, rest) = (0.0, value)
    while rest < 1, exponent > -300 { (exponent, rest) = (exponent - 1, rest * 10) }
    return exponent
  }

  private static func pow10(_ exponent: Int) -> Double { (0..<abs(exponent)).reduce(1.0) { value, _ in value / 10 } }
}
