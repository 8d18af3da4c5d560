import Core
import Host
import ServingEngine
import Testing

@Suite("Recording")
struct RecordingTests {
  @Test("what is read is what was written, and gives the same history")
  func roundTrip() throws {
    let timeline = try Samples.timeline(steps: 350, TimelineTests.switches)
    let recording = Recording(configuration: Samples.configuration(), timeline: timeline)
    let opened = try Recording(recording.bytes(), name: "run")
    #expect(opened == recording)

    var again = Timeline(try Run(opened.configuration, trace: opened.trace))
    while again.head.step < 350 {
      for placed in opened.commands where placed.step == again.head.step { try again.apply(placed.command) }
      try again.advance()
    }
    #expect(again.head.engine.state.history == opened.end?.digest)
  }

  @Test("a recording whose end was cut off still opens, without its end")
  func cutOff() throws {
    let timeline = try Samples.timeline(steps: 350, TimelineTests.switches)
    let bytes = Recording(configuration: Samples.configuration(), timeline: timeline).bytes()
    let opened = try Recording(Array(bytes.dropLast(20)), name: "run")
    #expect(opened.end == nil)
    #expect(opened.commands == TimelineTests.switches)
  }

  @Test("damage is one line that names file, line and the way out")
  func damage() throws {
    let timeline = try Samples.timeline(steps: 5)
    let bytes = Recording(configuration: Samples.configuration(), timeline: timeline).bytes()
    func fault(_ bytes: [UInt8]) -> String {
      do {
        _ = try Recording(bytes, name: "run.jsonl")
        return "opened"
      } catch { return error.description }
    }
    #expect(fault([]).hasPrefix("run.jsonl:1: not the header of a recording"))
    #expect(fault(Array("{\"schema\":\"other/1\"}\n".utf8)).hasPrefix("run.jsonl:1:"))
    let half = Array(bytes[..<(bytes.count / 2)])
    #expect(fault(half).hasPrefix("run.jsonl:"), "\(fault(half))")
    #expect(!fault(half).contains("\n"))
  }
}
