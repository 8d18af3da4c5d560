import Core
import Foundation
import Hardware
import Host
import KVMemory
import Scheduling
import ServingEngine
import TestSupport
import Testing
import Transformer
import Workload

/// Runs whose steps were measured: what came of them is input, not result.
@Suite("Measured run")
struct MeasuredRunTests {
  /// The tiny model, as a file.
  static let path: String = {
    let path = "\(NSTemporaryDirectory())workbench-tiny-\(getpid()).gguf"
    _ = FileManager.default.createFile(atPath: path, contents: Data(TinyModel.writer().bytes))
    return path
  }()

  static func configuration() -> Configuration {
    var configuration = Configuration.cpu
    configuration.model = "tiny"
    configuration.tokens = RealModel(name: "tiny", source: .file(path))
    configuration.kvBlocks = 40
    configuration.maxBatchedTokens = 48
    return configuration
  }

  static func timeline(steps: Int? = nil) throws -> Timeline {
    let trace = try Generator("poisson:2000,requests=24,prompt=lognormal:60:0.5,output=lognormal:14:0.6,prefix=2x48,seed=7").trace()
    var timeline = Timeline(try Run(configuration(), trace: trace))
    try timeline.follow([PlacedCommand(step: 9, command: Command(axis: "policy", choice: "chunked"))], to: steps)
    return timeline
  }

  /// Tokens of all requests, by their number.
  static func answers(_ timeline: Timeline) -> [[TokenID]] {
    var answers = [[TokenID]](repeating: [], count: timeline.head.engine.trace.arrivals.count)
    var run = timeline.moment(at: 0)
    while run.step < timeline.head.step {
      timeline.replay(&run)
      for (request, tokens) in run.last?.emitted ?? [] { answers[request.index] += tokens }
    }
    return answers
  }

  @Test("a recording gives the same history with no model at hand, and says what it lacks when it shall go on")
  func recording() throws {
    let timeline = try Self.timeline()
    let recording = Recording(configuration: Self.configuration(), timeline: timeline)
    #expect(recording.outcomes.count == timeline.head.step && recording.configuration.kvBlocks == 40)
    var opened = try Recording(recording.bytes(), name: "run")
    #expect(opened.outcomes == recording.outcomes && opened.device == recording.device && opened.trace == recording.trace)
    opened.configuration.tokens?.source = .file("/nowhere")
    var again = Timeline(try Run(opened.configuration, trace: opened.trace, recorded: opened.device))
    try again.follow(opened.commands, told: opened.outcomes, to: opened.end?.step)
    #expect(again.head.engine.state.history == opened.end?.digest && again.head.now == opened.end?.time)
    #expect(Self.answers(again) == Self.answers(timeline))

    // With the model it goes on where the recording was cut, to the same tokens.
    var revived = Timeline(try Run(recording.configuration, trace: recording.trace, recorded: recording.device))
    try revived.follow(recording.commands, told: recording.outcomes, to: 12)
    try revived.revive(on: Self.configuration().engine(for: recording.trace).device)
    try revived.follow([], to: nil)
    #expect(Self.answers(revived) == Self.answers(timeline))

    var half = Timeline(try Run(opened.configuration, trace: opened.trace, recorded: opened.device))
    try half.follow(opened.commands, told: opened.outcomes, to: 12)
    #expect(throws: DeviceError.self) { try half.advance() }
  }

  @Test("drafts are inputs too: a recording replays without the drafter, and goes on to the same texts", arguments: ["trigram", "early-exit:1", "draft-model", "tree"])
  func recordedDrafts(drafter: String) throws {
    var configuration = Self.configuration()
    configuration.speculate = drafter
    configuration.draftTokens = "adaptive"
    configuration.tokens?.draft = RealModel.Draft(name: "tiny", source: .file(Self.path))
    let trace = try Self.timeline(steps: 0).head.engine.trace
    var timeline = Timeline(try Run(configuration, trace: trace))
    try timeline.follow([PlacedCommand(step: 30, command: Command(axis: "speculate", choice: "suffix:1"))], to: nil)
    #expect(timeline.outcomes.contains { !$0.drafts.isEmpty } && timeline.outcomes.contains { $0.drafting > .zero })
    #expect(Self.answers(timeline) == Self.answers(try Self.timeline()))

    let recording = Recording(configuration: configuration, timeline: timeline)
    var opened = try Recording(recording.bytes(), name: "run")
    #expect(opened.outcomes == recording.outcomes && opened.device == recording.device)
    #expect(opened.configuration.speculate == drafter && opened.configuration.draftTokens == "adaptive")
    opened.configuration.tokens?.source = .file("/nowhere")
    opened.configuration.tokens?.draft?.source = .file("/nowhere")
    var again = Timeline(try Run(opened.configuration, trace: opened.trace, recorded: opened.device))
    try again.follow(opened.commands, told: opened.outcomes, to: opened.end?.step)
    #expect(again.head.engine.state.history == opened.end?.digest && again.head.now == opened.end?.time)

    // From a moment of the past, with drafts that wait and a drafter that has to read everything again.
    let (branch, _) = try timeline.branch(at: timeline.moment(at: 14))
    var future = branch
    try future.follow([], to: nil)
    #expect(Self.answers(future) == Self.answers(timeline))
  }

  @Test("looking back shows every moment as it was, computes nothing and keeps no KV memory")
  func lookingBack() throws {
    var timeline = try Self.timeline(steps: 0)
    var histories = [timeline.head.engine.state.history]
    while try timeline.advance() { histories.append(timeline.head.engine.state.history) }
    let computed = try #require(timeline.head.engine.device as? CPUDevice).tokensComputed
    var random = SplitMix(seed: 2, purpose: "looking back")
    for _ in 0..<20 {
      let step = random.below(histories.count - 1)
      let moment = timeline.moment(at: step)
      #expect(moment.engine.state.history == histories[step], "step \(step)")
      #expect(moment.engine.device is RecordedDevice)
    }
    #expect((timeline.head.engine.device as? CPUDevice)?.tokensComputed == computed)
  }

  @Test("a new future from the past computes its cache again and goes on with the same tokens")
  func branching() throws {
    let timeline = try Self.timeline()
    let expected = Self.answers(timeline)
    for step in [5, 14, 30] {
      let past = timeline.moment(at: step)
      let live = past.engine.state.scheduler.running.map { past.engine.state.requests[Int($0)].computed }
      var (branch, rebuilt) = try timeline.branch(at: past)
      #expect(rebuilt?.tokens == live.reduce(0, +) && rebuilt?.requests == live.count)
      try branch.apply(Command(axis: "max-seqs", choice: "2"))
      try branch.follow([], to: nil)
      #expect(Self.answers(branch) == expected, "from step \(step)")
      #expect(branch.commands.map(\.command).contains(.rebuilt))

      // What was rebuilt is in the recording, so it too gives the same history.
      let recording = try Recording(Recording(configuration: Self.configuration(), timeline: branch).bytes(), name: "branch")
      var again = Timeline(try Run(recording.configuration, trace: recording.trace, recorded: recording.device))
      try again.follow(recording.commands, told: recording.outcomes, to: recording.end?.step)
      #expect(again.head.engine.state.history == recording.end?.digest, "from step \(step)")
    }
    #expect(Self.answers(timeline) == expected, "the future that was left is as it was")
  }

  @Test("what is said while it runs becomes part of the trace: looked back at, recorded, and gone from futures before it")
  func saying() throws {
    var timeline = try Self.timeline(steps: 12)
    var histories = [StepIndex: Digest]()
    for step in [3, 8, 12] { histories[step] = timeline.moment(at: step).engine.state.history }
    let language = try #require(timeline.head.engine.device.language)
    let said = timeline.say(Arrival(time: timeline.head.now, prompt: Prompt(language.question("Hello?")), outputLimit: 9))
    #expect(said.index >= timeline.head.engine.state.arrived, "it is yet to arrive")
    #expect(timeline.head.engine.trace.arrivals.count == 25)
    try timeline.follow([], to: nil)
    for (step, history) in histories { #expect(timeline.moment(at: step).engine.state.history == history, "step \(step)") }
    #expect(timeline.head.answers[said.index].count == 9)
    #expect(timeline.head.answers == Self.answers(timeline))

    let recording = try Recording(Recording(configuration: Self.configuration(), timeline: timeline).bytes(), name: "said")
    var again = Timeline(try Run(recording.configuration, trace: recording.trace, recorded: recording.device))
    try again.follow(recording.commands, told: recording.outcomes, to: recording.end?.step)
    #expect(again.head.engine.state.history == timeline.head.engine.state.history)

    let before = try timeline.branch(at: timeline.moment(at: 8)).timeline
    #expect(before.head.engine.trace.arrivals.count == 24 && before.said.isEmpty)
    let after = try timeline.branch(at: timeline.moment(at: 20)).timeline
    #expect(after.head.engine.trace.arrivals.count == 25 && after.said.count == 1)
  }

  @Test("a user who says something on the screen is answered, and a run without real tokens says that nobody can", .timeLimit(.minutes(5)))
  func sayingOnTheScreen() async throws {
    func snapshot(of thread: EngineThread, where fits: (Snapshot) -> Bool) async throws -> Snapshot? {
      for _ in 0..<5_000 {
        if let snapshot = thread.snapshots.take(), fits(snapshot) { return snapshot }
        try await Task.sleep(for: .milliseconds(2))
      }
      return nil
    }
    let thread = EngineThread()
    thread.start(try Self.timeline(), pace: .unlimited)
    defer { thread.stop() }
    thread.send(.say("Hello?"))
    let answered = try await snapshot(of: thread) { $0.said != nil && $0.transport == .done }
    let request = try #require(answered?.said)
    #expect(answered?.shown.answers[request.index].isEmpty == false)
    #expect(answered?.shown.engine.device is RecordedDevice, "the screen never holds KV memory")

    let modelled = EngineThread()
    modelled.start(try Samples.timeline(steps: 3), pace: .unlimited, paused: true)
    defer { modelled.stop() }
    modelled.send(.say("Hello?"))
    #expect(try await snapshot(of: modelled) { $0.notice?.isError == true } != nil)
  }
}
