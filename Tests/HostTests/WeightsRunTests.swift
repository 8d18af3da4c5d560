import Core
import Hardware
import Host
import ServingEngine
import Testing

/// Weights that change in a run whose steps are measured: recorded, looked back at, lived again.
@Suite("Switched weights in a measured run", .serialized)
struct WeightsRunTests {
  private func timeline() throws -> Timeline {
    var timeline = Timeline(try Run(MeasuredRunTests.configuration(), trace: MeasuredRunTests.timeline(steps: 1).head.engine.trace))
    let commands = [(6, "int8"), (12, "sparse:50"), (18, "as-loaded")].map { PlacedCommand(step: $0.0, command: Command(axis: "weights", choice: $0.1)) }
    try timeline.follow(commands, to: 25)
    return timeline
  }

  @Test("a recording gives the same history with no model at hand, its loads included")
  func recording() throws {
    let timeline = try timeline()
    #expect(timeline.outcomes.compactMap(\.reload).map(\.to) == ["int8", "sparse", "as-loaded"])
    let recording = Recording(configuration: MeasuredRunTests.configuration(), timeline: timeline)
    var opened = try Recording(recording.bytes(), name: "run")
    #expect(opened.outcomes.map(\.reload) == recording.outcomes.map(\.reload))
    opened.configuration.tokens?.source = .file("/nowhere")
    var again = Timeline(try Run(opened.configuration, trace: opened.trace, recorded: opened.device))
    try again.follow(opened.commands, told: opened.outcomes, to: 25)
    #expect(again.head.engine.state.history == opened.end?.digest)
    #expect(again.moment(at: 14).engine.weights == .sparse(zeros: 50) && again.moment(at: 3).engine.weights == .asLoaded)
  }

  @Test("a moment of the past has its weights, and goes on with them")
  func branch() throws {
    let timeline = try timeline()
    for (step, weights) in [(20, WeightFormat.asLoaded), (15, .sparse(zeros: 50)), (8, .int8), (3, .asLoaded)] {
      let moment = timeline.moment(at: step)
      #expect(moment.engine.weights == weights && moment.engine.device.weights == weights)
      var (branch, rebuilt) = try timeline.branch(at: moment)
      #expect(rebuilt != nil && branch.head.engine.device.weights == weights)
      #expect(try branch.advance() && branch.head.engine.weights == weights)
      #expect(timeline.head.engine.device.weights == .asLoaded, "the old future keeps its own")
    }
  }
}
