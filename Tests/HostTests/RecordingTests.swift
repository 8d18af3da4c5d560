import Core
import Hardware
import Host
import ServingEngine
import Testing

@Suite("Recording")
struct RecordingTests {
  @Test("every axis that a run begins with is in its recording")
  func everyAxis() throws {
    for axis in AxisCatalogue.all {
      var configuration = Configuration()
      configuration.placement = "disaggregated:1x1"
      // Some axes are said where tokens are real only.
      configuration.tokens = RealModel(name: "tiny", source: .file("tiny"))
      try configuration.choose(axis.name, axis.members.last.map { Choice($0, $0.parameters.map(\.standard)).description } ?? "7")
      let timeline = try Samples.timeline(steps: 1)
      let opened = try Recording(Recording(configuration: configuration, timeline: timeline).bytes(), name: "run.jsonl")
      let value = { (configuration: Configuration) in configuration.choices.first { $0.name == axis.name }?.value }
      #expect(value(opened.configuration) == value(configuration), "\(axis.name)")
      #expect(value(configuration) != nil, "\(axis.name)")
    }
  }

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

  @Test("a run on a profile is recorded with the rows it looks at, and replays where the folder is not")
  func profile() throws {
    let operations = """
      gpu,model,tp,op,tokens,latency_us
      rtx4090,llama-3.1-8b,1,gate_up_proj,8,900.5
      h100,llama-3.1-8b,1,gate_up_proj,8,100
      rtx4090,Llama 3.1 8B,1,gate_up_proj,2048,9000
      rtx4090,llama-3.1-8b,2,gate_up_proj,8,400

      """
    let attention = """
      gpu,heads,kv_heads,head_dim,prefill_q,prefill_hist,n_decode,decode_kv,latency_us
      rtx4090,32,8,128,0,0,16,512,55
      rtx4090,16,4,128,0,0,16,512,33

      """
    let configuration = Samples.configuration {
      $0.profile = ProfileFiles(folder: "mine", layerOperations: Array(operations.utf8), attention: Array(attention.utf8))
    }
    func run(_ configuration: Configuration) throws -> Timeline {
      var timeline = Timeline(try Run(configuration, trace: Samples.trace))
      while timeline.head.step < 200 { try timeline.advance() }
      return timeline
    }
    let timeline = try run(configuration)
    let recording = Recording(configuration: configuration, timeline: timeline)
    let opened = try Recording(recording.bytes(), name: "run")
    #expect(opened == recording)
    #expect(try run(opened.configuration).head.engine.state.history == opened.end?.digest)
    #expect(try run(Samples.configuration()).head.engine.state.history != opened.end?.digest)
    let text = String(decoding: recording.bytes(), as: UTF8.self)
    #expect(text.contains("900.5") && text.contains("9000") && !text.contains("h100") && !text.contains(",2,gate") && !text.contains(",33"))
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
