import Analysis
import Core
import Dispatch
import Hardware
import Host
import ServingEngine
import Testing

@Suite("Engine thread", .timeLimit(.minutes(5)))
struct EngineThreadTests {
  /// Waits for a snapshot that fits.
  func snapshot(of thread: EngineThread, where fits: (Snapshot) -> Bool) async throws -> Snapshot {
    for _ in 0..<5_000 {
      if let snapshot = thread.snapshots.take(), fits(snapshot) { return snapshot }
      try await Task.sleep(for: .milliseconds(2))
    }
    throw Waited()
  }
  struct Waited: Error {}

  @Test("it runs to the end, stops, steps back, and branches; the future that was left can be returned to")
  func session() async throws {
    let thread = EngineThread()
    thread.start(try Samples.timeline(steps: 0), pace: .unlimited)
    defer { thread.stop() }
    let done = try await snapshot(of: thread) { $0.transport == .done }
    let end = done.head.step
    #expect(done.head.observatory.scoreboard.completed == Samples.trace.arrivals.count)

    thread.send(.step(-5))
    let past = try await snapshot(of: thread) { $0.transport == .past(behind: 5) }
    #expect(past.shown.step == end - 5 && past.head.step == end)

    thread.send(.step(2))
    let nearer = try await snapshot(of: thread) { $0.transport == .past(behind: 3) }
    #expect(nearer.shown.step == end - 3)

    thread.send(.seek(100))
    thread.send(.command(Command(axis: "policy", choice: "chunked")))
    let branched = try await snapshot(of: thread) { $0.branches == 1 }
    #expect(branched.head.step == 100 && branched.transport == .paused)

    thread.send(.undoBranch)
    let back = try await snapshot(of: thread) { $0.branches == 0 }
    #expect(back.head.step == end)
    #expect(back.head.engine.state.history == done.head.engine.state.history)
  }

  @Test("a fork serves the same trace on other GPUs up to this moment, with what was switched; the run can be returned to")
  func fork() async throws {
    let thread = EngineThread()
    var configuration = Samples.configuration()
    configuration.kvBlocks = nil
    var timeline = Timeline(try Run(configuration, trace: Samples.trace), configuration: configuration)
    try timeline.apply(Command(axis: "policy", choice: "shortest-prompt"))
    while timeline.head.step < 60 { guard try timeline.advance() else { break } }
    thread.start(timeline, pace: .unlimited, paused: true)
    defer { thread.stop() }
    thread.send(.fork([Command(axis: "tp", choice: "2"), Command(axis: "device", choice: "h100")]))
    let fork = try await snapshot(of: thread) { $0.branches == 1 }
    #expect(fork.configuration?.tensorParallel == 2 && fork.configuration?.policy == "shortest-prompt")
    #expect(fork.head.engine.device.name.hasPrefix("2× H100"))
    #expect(fork.transport != .live)

    // What it shows is what a run that began so shows.
    configuration.tensorParallel = 2
    configuration.device = "h100"
    configuration.policy = "shortest-prompt"
    var alone = Timeline(try Run(configuration, trace: Samples.trace))
    while let start = alone.head.fleet.nextStart, start < timeline.head.now { guard try alone.advance() else { break } }
    #expect(fork.head.step == alone.head.step && fork.head.fleet.digest == alone.head.fleet.digest)

    thread.send(.fork([Command(axis: "replicas", choice: "2")]))
    #expect(try await snapshot(of: thread) { $0.branches == 2 }.head.fleet.instances.count == 2)
    thread.send(.fork([Command(axis: "device", choice: "abacus")]))
    let refused = try await snapshot(of: thread) { $0.notice?.isError == true }
    #expect(refused.branches == 2 && refused.notice?.sentence.contains("abacus") == true)

    thread.send(.undoBranch)
    thread.send(.undoBranch)
    let back = try await snapshot(of: thread) { $0.branches == 0 }
    #expect(back.head.step == 60 && back.configuration?.device == "rtx4090")
  }

  @Test("a command that cannot be carried out is a notice, not an end")
  func refusal() async throws {
    let thread = EngineThread()
    thread.start(try Samples.timeline(steps: 3), pace: .unlimited, paused: true)
    defer { thread.stop() }
    thread.send(.command(Command(axis: "policy", choice: "nobody")))
    let snapshot = try await snapshot(of: thread) { $0.notice != nil }
    #expect(snapshot.notice?.isError == true)
    #expect(snapshot.transport == .paused)
  }

  @Test("at a pace, engine time does not run ahead of wall time")
  func pace() async throws {
    let thread = EngineThread()
    let start = DispatchTime.now().uptimeNanoseconds
    thread.start(try Samples.timeline(steps: 0), pace: .times(0.5))
    defer { thread.stop() }
    try await Task.sleep(for: .milliseconds(300))
    thread.send(.pause)
    let snapshot = try await snapshot(of: thread) { $0.transport == .paused }
    let wall = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    let last = try #require(snapshot.head.last, "no step was taken in \(wall) s")
    // The run begins at its first arrival. A step may reach beyond the present; none begins before its time has come.
    let engine = (last.record.start - Samples.trace.arrivals[0].time).seconds
    #expect(engine <= wall * 0.5, "\(engine) engine s in \(wall) wall s")
  }
}
