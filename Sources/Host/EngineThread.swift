import Core
import Dispatch
import ServingEngine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The engine's own thread: steps, looks back, switches; never waits for the screen.
///
/// Snapshots go out through `snapshots`, only when the last one was taken, so a
/// slow screen costs the engine nothing.
public final class EngineThread: Sendable {
  public enum Request: Sendable {
    /// Goes on from the moment that is shown: through the past to the newest, then with new steps.
    case run
    case pause
    /// Steps forward (or, below zero, back) from the moment that is shown, and stops there.
    case step(Int)
    /// Shows the moment when so many steps had been taken, and stops there.
    case seek(StepIndex)
    /// Shows the newest moment and goes on.
    case live
    case pace(Pace)
    /// A switch. In the past it begins a new future from there; the old one can be returned to.
    case command(Command)
    /// The same trace with choices that a run cannot be switched to, up to the moment that is shown. The run can be
    /// returned to.
    case fork([Command])
    /// What a user says to the model: a request of its own.
    case say(String)
    /// Returns to the future that the last change in the past left behind.
    case undoBranch
    /// Another run altogether.
    case replace(Timeline, name: String)
    /// Whose kept tokens snapshots carry; nil: the first who runs.
    case watch(RequestID?)
    /// Posts the present moment again.
    case refresh
    case quit
  }

  public let snapshots = Mailbox<Snapshot>()
  private let requests = RequestQueue()
  private let finished = DispatchSemaphore(value: 0)

  public init() {}

  public func send(_ request: Request) { requests.send(request) }

  /// - Parameter journal: Receives the timeline whenever it cannot be made again from what was given before: after a
  ///   command, a change of futures, another run, and at the end. It is called on the engine's thread.
  public func start(
    _ timeline: Timeline, pace: Pace, paused: Bool = false, journal: @escaping @Sendable (Timeline) -> Void = { _ in }
  ) {
    let loop = EngineLoop(
      timeline: timeline, pace: pace, isRunning: !paused, requests: requests, snapshots: snapshots, journal: journal)
    let work = Work { [finished] in
      var loop = loop
      loop.run()
      journal(loop.timeline)
      finished.signal()
    }
    work.startThread()
  }

  /// Ends the thread and waits until it has ended.
  public func stop() {
    send(.quit)
    finished.wait()
  }
}

/// A closure on a thread with a stack of its own; Dispatch's threads are left to Dispatch.
private final class Work: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  func startThread() {
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    let context = Unmanaged.passRetained(self).toOpaque()
    let status = pthread_create(&thread, nil, { context in
      #if canImport(Glibc)
        let pointer = context!
      #else
        let pointer = context
      #endif
      Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
      return nil
    }, context)
    require(status == 0, "no thread for the engine: error \(status)")
    #if canImport(Glibc)
      pthread_detach(thread)
    #else
      if let thread { pthread_detach(thread) }
    #endif
  }
}
