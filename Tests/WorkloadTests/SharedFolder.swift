import Foundation

/// Real and damaged files that are not part of the package.
///
/// Found through `WORKBENCH_SHARED`, or beside the package. Tests that use them are
/// skipped where they are absent.
enum SharedFolder {
  static let url: URL? = {
    let beside = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")
    let named = ProcessInfo.processInfo.environment["WORKBENCH_SHARED"].map { URL(filePath: $0) }
    return [named, beside].compactMap { $0 }.first {
      FileManager.default.fileExists(atPath: $0.appending(path: "formats").path)
    }
  }()

  static var isPresent: Bool { url != nil }

  static let absence = "the folder of shared files is absent; set WORKBENCH_SHARED to run this test"

  static func bytes(_ path: String) throws -> [UInt8] {
    guard let url else { throw CocoaError(.fileNoSuchFile) }
    return Array(try Data(contentsOf: url.appending(path: path)))
  }
}
