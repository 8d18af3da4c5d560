import Dispatch
import Synchronization

/// Requests from the screen, in order. Waiting costs nothing while there are none.
final class RequestQueue: Sendable {
  private let requests = Mutex<[EngineThread.Request]>([])
  private let arrival = DispatchSemaphore(value: 0)

  func send(_ request: EngineThread.Request) {
    requests.withLock { $0.append(request) }
    arrival.signal()
  }

  /// All that has come in; empty when nothing has.
  func drain() -> [EngineThread.Request] {
    requests.withLock { requests in
      defer { requests = [] }
      return requests
    }
  }

  /// Until something comes in, or for `seconds` at most; nil waits without end.
  func wait(seconds: Double?) {
    if let seconds {
      _ = arrival.wait(timeout: .now() + seconds)
    } else {
      arrival.wait()
    }
    // One look drains everything: let the other signals go.
    while arrival.wait(timeout: .now()) == .success {}
  }
}
