import Core
import Testing

@testable import Console

@Suite("TracePage: the survey of a trace")
struct TracePageSurveyTests {
  @Test("counts, rates and tokens of a small trace are those found by hand")
  func totals() {
    let survey = TraceSurvey(TraceSample.small)
    #expect(survey.count == 4)
    #expect(survey.span == .milliseconds(4_000))
    #expect(survey.rate == 0.75)
    #expect(survey.promptTokens == 40 + 100 + 100 + 10)
    #expect(survey.outputTokens == 10 + 20 + 30 + 40)
    #expect(survey.tokens(of: 1..<3) == (prompt: 200, output: 50))
    #expect(survey.labels == [
      .init(name: "chat", requests: 3, promptTokens: 240), .init(name: "batch", requests: 1, promptTokens: 10),
    ])
  }

  @Test("lengths: the value at rank ⌈q·n⌉, and buckets from the octave of the least to that of the longest")
  func lengths() {
    let profile = LengthProfile([10, 40, 100, 100])
    #expect(profile.p50 == 40)
    #expect(profile.p90 == 100)
    #expect(profile.longest == 100)
    #expect(profile.mean == 62.5)
    // 8…15, 16…31, 32…63, 64…127
    #expect(profile.buckets(atMost: 7).counts == [1, 0, 1, 2])
    #expect(profile.buckets(atMost: 7).firstOctave == 3)
    // 10 = 8 × 1.25, 40 = 32 × 1.25, 100 = 64 × 1.56
    #expect(profile.buckets(atMost: 16).counts == [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0])
    #expect(LengthProfile([]).buckets(atMost: 10).counts.isEmpty)
    for length in 1...5_000 {
      let quarter = LengthProfile.quarter(of: length)
      let least = Double(1 << (quarter / 4)) * (1 + Double(quarter % 4) / 4)
      #expect(least <= Double(length))
      #expect(Double(length) < least + Double(1 << (quarter / 4)) / 4)
    }
  }

  @Test("shared beginnings: the second prompt shares the system prompt, the third the whole first")
  func sharing() throws {
    let sharing = try #require(TraceSurvey(TraceSample.small).sharing)
    #expect(sharing.shared == [0, 32, 40, 0])
    #expect(sharing.sharedTokens == 72)
    #expect(sharing.sharers == 2)
    #expect(sharing.longest == 40)
    #expect(sharing.history == [0, 0.32, 0.4, 0])
  }

  @Test("shared beginnings agree with comparing every prompt with all before it, token by token")
  func naive() throws {
    var random = SplitMix(seed: 11, purpose: "sharing")
    for _ in 0..<20 {
      var arrivals: [Arrival] = []
      for number in 0..<24 {
        var runs: [TokenRun] = []
        for _ in 0...random.below(3) {
          runs.append(TokenRun(.shared(UInt64(random.below(2))), start: 4 * random.below(2), count: 1 + random.below(6)))
        }
        arrivals.append(Arrival(time: .milliseconds(number), prompt: Prompt(runs), outputLimit: 1))
      }
      // A token is its stream and position.
      func spelled(_ prompt: Prompt) -> [[Int]] {
        (prompt.runs ?? []).flatMap { run in (0..<Int(run.count)).map { [Int(truncatingIfNeeded: run.stream.key), Int(run.start) + $0] } }
      }
      let texts = arrivals.map { spelled($0.prompt) }
      let expected = texts.indices.map { index in
        texts[..<index].map { zip($0, texts[index]).prefix { $0 == $1 }.count }.max() ?? 0
      }
      let sharing = try #require(PrefixSharing(arrivals))
      for index in expected.indices { #expect(Int(sharing.shared[index]) == expected[index], "prompt \(index)") }
    }
  }

  @Test("prompts that are spelled out are compared in pieces of 16 tokens")
  func literal() throws {
    let first = (0..<40).map { TokenID($0) }
    let arrivals = [first, Array(first.prefix(32)) + [7, 8], Array(first.prefix(20))].map {
      Arrival(time: .zero, prompt: Prompt($0), outputLimit: 1)
    }
    #expect(try #require(PrefixSharing(arrivals)).shared == [0, 32, 16])
  }

  @Test("a trace that says nothing of equal tokens has no sharing, not a sharing of none")
  func nothingKnown() {
    let arrivals = (0..<3).map { Arrival(time: .zero, prompt: Prompt(TokenRun(.own($0), count: 5)), outputLimit: 1) }
    #expect(PrefixSharing(arrivals) == nil)
    #expect(TraceSurvey(Trace(name: "empty", arrivals: [])).sharing == nil)
  }

  @Test("a survey is made once for a trace, and another for another trace of the same name")
  func memory() {
    let small = TraceSample.small
    #expect(TraceSurvey.of(small).count == 4)
    #expect(TraceSurvey.of(Trace(name: "small", arrivals: Array(small.arrivals.prefix(2)), labels: small.labels)).count == 2)
    #expect(TraceSurvey.of(small).count == 4)
  }
}
