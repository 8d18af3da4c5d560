import Analysis
import Core
import Host
import ServingEngine
import Testing

@Suite("A run of several engines")
struct FleetRunTests {
  static let switches = [
    PlacedCommand(step: 70, command: Command(axis: "router", choice: "round-robin")),
    PlacedCommand(step: 300, command: Command(axis: "kv-transfer", choice: "merged")),
  ]
  static let configuration = Samples.configuration { $0.placement = "disaggregated:2x2" }

  @Test("any moment of the past is as it was, and a recording of it gives the same history")
  func past() throws {
    var live = Timeline(try Run(Self.configuration, trace: Samples.trace))
    var histories = [live.head.fleet.digest]
    while true {
      for placed in Self.switches where placed.step == live.head.step { try live.apply(placed.command) }
      guard try live.advance() else { break }
      histories.append(live.head.fleet.digest)
    }
    for step in stride(from: 0, to: histories.count, by: 97) {
      let moment = live.moment(at: step)
      #expect(moment.step == step && moment.fleet.digest == histories[step], "step \(step)")
    }
    let recording = try Recording(Recording(configuration: Self.configuration, timeline: live).bytes(), name: "fleet")
    #expect(recording.configuration == Self.configuration)
    var again = Timeline(try Run(recording.configuration, trace: recording.trace))
    try again.follow(recording.commands, to: nil)
    #expect(again.head.fleet.digest == recording.end?.digest && again.head.fleet.digest == live.head.fleet.digest)
  }

  @Test("each instance is looked at with its own latest step, and a request's story goes through both")
  func focus() throws {
    var timeline = Timeline(try Run(Self.configuration, trace: Samples.trace))
    while timeline.head.step < 400 { try timeline.advance() }
    var run = timeline.head
    for number in 0..<4 {
      run.focus = number
      #expect(run.last.map { Int($0.record.instance) } == number)
      #expect(run.engine.membership?.number == number)
    }
    let phases = run.observatory.stories.story(of: RequestID(0))?.intervals.map(\.phase)
    #expect(phases.map { Array($0.prefix(4)) } == [.queued, .prefill, .moving, .decode] || phases.map { Array($0.prefix(3)) } == [.prefill, .moving, .decode], "\(String(describing: phases))")
    #expect(run.observatory.requests[0].instance >= 2)
  }

  @Test("the summary adds instances and link only where there are several")
  func summary() throws {
    func json(_ configuration: Configuration) throws -> JSONValue {
      var run = try Run(configuration, trace: Samples.trace)
      while try run.advance() {}
      return Summary(run.observatory.scoreboard, of: run.fleet, configuration: configuration, wallSeconds: 1).json
    }
    let one = try json(Samples.configuration())
    #expect(one["instances"] == nil && one["link"] == nil && one["configuration"]?["replicas"] == nil)
    let several = try json(Self.configuration)
    guard case .array(let instances) = several["instances"] else {
      Issue.record("no instances")
      return
    }
    #expect(instances.map { $0["role"] } == [.string("prefill"), .string("prefill"), .string("decode"), .string("decode")])
    #expect(instances[0]["decode_tokens"] == .integer(0) && instances[2]["decode_tokens"] != .integer(0))
    #expect(several["requests"]?["completed"] == .integer(120))
  }
}
