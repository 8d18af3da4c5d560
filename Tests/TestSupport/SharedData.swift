import Foundation

/// Data that lies beside the repository on some machines. Tests that use it are
/// skipped, with the reason, where it is absent.
public enum SharedData {
  /// The folder named by `WORKBENCH_SHARED`, else `../shared` beside the repository.
  public static var root: URL {
    if let path = ProcessInfo.processInfo.environment["WORKBENCH_SHARED"] { return URL(fileURLWithPath: path) }
    return URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("shared")
  }

  public static func has(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
  }

  /// The decision logs of the real vLLM scheduler: `WORKBENCH_GOLDEN_VLLM`, else `golden/vllm_scheduler`.
  public static var vllmDecisions: URL {
    if let path = ProcessInfo.processInfo.environment["WORKBENCH_GOLDEN_VLLM"] { return URL(fileURLWithPath: path) }
    return root.appendingPathComponent("golden/vllm_scheduler")
  }
}
