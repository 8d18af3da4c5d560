/// How the run is called in the first row of the screen.
public struct RunLabel: Equatable, Sendable {
  /// `llama-3.1-8b`
  public var model: String
  /// `H200`
  public var device: String
  /// Times come from a model of the device; false when they were measured.
  public var isModelled: Bool
  /// `burst-10m`
  public var traceName: String
  public var seed: UInt64
  public var isRecording: Bool

  public init(
    model: String, device: String, isModelled: Bool, traceName: String, seed: UInt64 = 0, isRecording: Bool = false
  ) {
    self.model = model
    self.device = device
    self.isModelled = isModelled
    self.traceName = traceName
    self.seed = seed
    self.isRecording = isRecording
  }

  /// For pictures of a page alone.
  public static let unknown = RunLabel(model: "", device: "", isModelled: true, traceName: "run")

  /// `H200 (model)`
  var deviceText: String { device.isEmpty ? "" : isModelled ? "\(device) (model)" : device }

  /// The trace's name as part of a file's name: letters, digits, dots, hyphens and underscores.
  var fileStem: String {
    let last = traceName.split(separator: "/").last.map(String.init) ?? "run"
    let base = last.split(separator: ".").first.map(String.init) ?? last
    let safe = String(base.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "-" })
    return safe.isEmpty ? "run" : safe
  }
}
