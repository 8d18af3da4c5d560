import Host
import ServingEngine
import Synchronization

/// Keeps the recording's file up to date: whole at every command, so that what was recorded is never lost.
final class Journal: Sendable {
  private let path: String?
  private let state: Mutex<(configuration: Configuration, failure: String?)>

  /// - Parameter path: Nil records nothing.
  init(path: String?, configuration: Configuration) {
    self.path = path
    state = Mutex((configuration.withoutForeignProfileRows, nil))
  }

  var configuration: Configuration { state.withLock { $0.configuration } }
  /// Why the file could not be written, when it could not.
  var failure: String? { state.withLock { $0.failure } }

  /// Another run begins.
  func begin(_ configuration: Configuration) { state.withLock { $0.configuration = configuration.withoutForeignProfileRows } }

  func keep(_ timeline: Timeline) {
    guard let path else { return }
    let recording = Recording(configuration: timeline.configuration ?? configuration, timeline: timeline)
    do {
      try Files.write(recording.bytes(), to: path)
    } catch {
      state.withLock { $0.failure = "\(error)" }
    }
  }
}
