import Core
import Testing

@Suite("Prompt")
struct PromptTests {
  @Test("a window on runs is the same tokens as a window on the whole", arguments: 0..<50)
  func windows(seed: Int) {
    var random = SplitMix(seed: UInt64(seed), purpose: "prompt windows")
    let runs = (0...random.below(5)).map { _ in
      TokenRun(.shared(UInt64(random.below(3))), start: random.below(10), count: 1 + random.below(20))
    }
    let prompt = Prompt(runs)
    let whole = runs.flatMap { run in
      (0..<Int(run.count)).map { run.stream.token(at: Int(run.start) + $0) }
    }
    #expect(prompt.tokens(in: 0..<prompt.count) == whole, "seed \(seed)")
    for _ in 0..<20 {
      let start = random.below(prompt.count + 1)
      let end = start + random.below(prompt.count - start + 1)
      #expect(prompt.tokens(in: start..<end) == Array(whole[start..<end]), "seed \(seed), \(start)..<\(end)")
    }
  }

  @Test("streams made for different purposes never meet")
  func purposes() {
    let streams: [TokenStream] = [.own(5), .shared(5), .output(of: RequestID(5))]
    #expect(Set(streams.map(\.key)).count == 3)
    #expect(streams.allSatisfy { $0.token(at: 0) >= 0 })
  }
}
