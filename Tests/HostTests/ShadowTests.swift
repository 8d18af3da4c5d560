import Analysis
import Core
import Hardware
import Host
import KVMemory
import ServingEngine
import Testing
import Transformer
import Workload

/// What a lossy choice does to tokens, measured beside it.
@Suite("Shadow pass")
struct ShadowTests {
  static func run(_ change: (inout Configuration) -> Void, commands: [PlacedCommand] = []) throws -> Timeline {
    var configuration = MeasuredRunTests.configuration()
    configuration.kvBlocks = 80
    configuration.shadow = 2
    change(&configuration)
    let trace = try Generator("poisson:2000,requests=12,prompt=lognormal:60:0.5,output=lognormal:14:0.6,prefix=2x48,seed=7").trace()
    var timeline = Timeline(try Run(configuration, trace: trace))
    try timeline.follow(commands, to: nil)
    return timeline
  }

  @Test("an exact cache is compared with nothing; pages that leave nothing out differ in nothing, few pages do")
  func sparse() throws {
    #expect(try Self.run { _ in }.head.deviations.all.count == 0)
    let whole = try Self.run { $0.attention = "top-pages:512" }.head.deviations
    #expect(whole.all.count > 20 && whole.all.agreement == 1 && whole.attentionError == 0)
    #expect((whole.all.meanDivergence ?? 1) < 1e-9)
    let few = try Self.run { $0.attention = "top-pages:1" }.head.deviations
    #expect(few.all.count > 20 && (few.all.meanDivergence ?? 0) > 1e-6 && (few.attentionError ?? 0) > 0.001)
    #expect(few.attentionErrors.count == 2 && few.requests.allSatisfy { $0.request.index % 2 == 0 })
  }

  @Test("switched on while it runs, requests are caught up with from their first token; 0 asks for none; both are recorded")
  func switching() throws {
    let commands = [
      PlacedCommand(step: 6, command: Command(axis: "attention", choice: "top-pages:1")),
      PlacedCommand(step: 14, command: Command(axis: "shadow", choice: "0")),
    ]
    let timeline = try Self.run({ _ in }, commands: commands)
    let compared = timeline.outcomes.indices.filter { !timeline.outcomes[$0].deviations.isEmpty }
    #expect(compared.allSatisfy { 6...14 ~= $0 } && compared.count > 3, "\(compared)")
    #expect(timeline.outcomes[compared[0]].shadowing > .zero)

    let recording = Recording(configuration: MeasuredRunTests.configuration(), timeline: timeline)
    let opened = try Recording(recording.bytes(), name: "run")
    #expect(opened.outcomes.elementsEqual(recording.outcomes) { $0.deviations == $1.deviations && $0.shadowing == $1.shadowing })
    // The text does not know that it was watched. (One at a time: how prompts are cut must not hang on the machine's speed.)
    let texts = try [0, 1].map { rate in
      try Self.run {
        $0.shadow = rate
        $0.maxSequences = 1
        $0.attention = "top-pages:1"
      }.head.answers
    }
    #expect(texts[0] == texts[1])
  }

  @Test("divergence is Σ p · ln(p ÷ q), in nats")
  func divergence() {
    let exact: [Float] = [0, 2, 0.5, -20]
    let (same, agrees) = CPUDevice.divergence(of: exact[...], from: exact[...])
    #expect(same == 0 && agrees)
    // p = (1/2, 1/2), q = (1/4, 3/4).
    let known = CPUDevice.divergence(of: [0, 1.0986123][...], from: [1, 1][...])
    #expect(abs(known.nats - 0.5 * (0.6931472 - 0.4054651)) < 1e-6 && !known.agrees)
  }
}
