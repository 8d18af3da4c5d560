import Core
import Testing

@testable import Workload

@Suite("Generated requests")
struct GeneratorTests {
  static let texts = [
    "poisson:8", "gamma:8:3,requests=50", "all-at-once:12",
    "poisson:8,requests=200,prompt=lognormal:512:0.8,output=uniform:16:256,prefix=4x800,seed=7",
    "poisson:2,requests=300,turns=exponential:3,think=uniform:1:9,prefix=2x100 + all-at-once:9,start=2.5,label=crowd,priority=-1,patience=exponential:4",
  ]

  @Test("are the same for the same text and seed", arguments: texts)
  func determinism(text: String) throws {
    let trace = try Generator(text).trace()
    #expect(try Generator(text).trace() == trace)
    #expect(try Generator(text + ",seed=99").trace().arrivals != trace.arrivals)
    #expect(trace.name == text)
  }

  @Test("arrive in order, have tokens, and can be written down", arguments: texts)
  func validity(text: String) throws {
    let generator = try Generator(text)
    let trace = generator.trace(name: "x")
    #expect(trace.arrivals.count == generator.parts.reduce(0) { $0 + $1.requests })
    #expect(zip(trace.arrivals, trace.arrivals.dropFirst()).allSatisfy { $0.time <= $1.time })
    #expect(trace.arrivals.allSatisfy { $0.prompt.count > 0 && $0.outputLimit > 0 && Int($0.label) < trace.labels.count })
    #expect(trace.arrivals.allSatisfy { ($0.abortTime ?? $0.time) >= $0.time })
    #expect(try TraceReader.read(WorkloadWriter.bytes(trace), name: "x").trace == trace)
  }

  @Test("change only what an option speaks of: longer outputs move no arrival and no prompt")
  func purposes() throws {
    let short = try Generator("poisson:8,requests=80,prefix=4x64,output=constant:4").trace().arrivals
    let long = try Generator("poisson:8,requests=80,prefix=4x64,output=lognormal:400:1").trace().arrivals
    #expect(short.map(\.time) == long.map(\.time))
    #expect(short.map(\.prompt) == long.map(\.prompt))
  }

  @Test("of one system prompt begin with the same tokens, the first prompt most often")
  func prefixes() throws {
    let arrivals = try Generator("poisson:8,requests=1100,prefix=4x32,prompt=constant:8").trace().arrivals
    var counts = [0, 0, 0, 0]
    for arrival in arrivals {
      let runs = try #require(arrival.prompt.runs)
      #expect(runs.map(\.count) == [32, 8])
      counts[try #require((0..<4).first { runs[0].stream == .shared(UInt64($0)) })] += 1
    }
    // Weights 1, 1/2, 1/3, 1/4 of 1100: 528, 264, 176, 132.
    #expect(zip(counts, [528, 264, 176, 132]).allSatisfy { abs($0 - $1) < 50 }, "\(counts)")
  }

  @Test("of a conversation quote every turn before, answers included")
  func conversations() throws {
    let arrivals = try Generator("poisson:1,requests=120,turns=constant:4,prefix=2x50,prompt=uniform:5:20,output=uniform:3:9").trace().arrivals
    var turns = 0
    for (number, arrival) in arrivals.enumerated() {
      let runs = try #require(arrival.prompt.runs)
      #expect(runs.last?.stream == .own(number))
      guard runs.count > 2 else { continue }
      turns += 1
      // prefix, question, answer, question, answer, …, question
      let answer = runs[runs.count - 2]
      let asked = try #require((0..<number).last { answer.stream == .output(of: RequestID($0)) })
      #expect(Int(answer.count) == arrivals[asked].outputLimit)
      #expect(Array(runs.dropLast(2)) == arrivals[asked].prompt.runs)
      // The reader of the answer takes 50 ms a token.
      #expect(arrival.time.seconds >= arrivals[asked].time.seconds + 0.05 * Double(arrivals[asked].outputLimit))
    }
    #expect(turns == 90)
  }

  @Test("are meant by a text that begins with an arrival process, right or wrong")
  func recognition() {
    #expect(["poisson:8", "poisson", "gamma:x", " all-at-once:3,seed=1", "poisson,requests=2"].allSatisfy(Generator.recognises))
    #expect(["poisson.csv", "trace.jsonl", "./poisson:8", "", "Poisson:8"].allSatisfy { !Generator.recognises($0) })
  }

  @Test(
    "are refused in one line that names the wrong part and the forms there are",
    arguments: [
      ("poisson", "generator: poisson: wrong or missing numbers — poisson:RATE, gamma:RATE:CV or all-at-once:N, rates 0.001 ... 1000000 a second, CV 0.05 ... 20"),
      ("uniform:8", "generator: uniform:8: not an arrival process — "),
      ("poisson:0", "generator: poisson:0: wrong or missing numbers — "),
      ("poisson:nan", "generator: poisson:nan: wrong or missing numbers — "),
      ("gamma:8", "generator: gamma:8: wrong or missing numbers — "),
      ("all-at-once:0", "generator: all-at-once:0: not a number of requests — all-at-once:N, N 1 ... 1000000"),
      ("poisson:8,requests", "generator: requests: not an option — options: requests, prompt, output, prefix, turns, think, patience, start, priority, label, seed, each as NAME=VALUE"),
      ("poisson:8,speed=1", "generator: speed: not an option — options: "),
      ("poisson:8,requests=-1", "generator: requests=-1: not understood — a whole number, 1 ... 1000000"),
      ("poisson:8,prompt=512", "generator: prompt=512: not understood — constant:N, uniform:A:B, lognormal:MEDIAN:SIGMA or exponential:MEAN"),
      ("poisson:8,prompt=uniform:9:3", "generator: prompt=uniform:9:3: not understood — "),
      ("poisson:8,prompt=lognormal:inf:1", "generator: prompt=lognormal:inf:1: not understood — "),
      ("poisson:8,prefix=4", "generator: prefix=4: not understood — KxN or KxN:FIRST"),
      ("poisson:8,seed=-1", "generator: seed=-1: not understood — a whole number, 0 or more"),
      ("poisson:8 + ", "generator: nothing: not an arrival process — "),
      ("", "generator: nothing: not an arrival process — "),
    ])
  func errors(text: String, message: String) {
    do throws(GeneratorError) {
      let generator = try Generator(text)
      Issue.record("\(text) is understood as \(generator)")
    } catch {
      #expect(error.description.hasPrefix(message), "\(error)")
      #expect(!error.description.contains("\n"))
    }
  }

  @Test("survive any text")
  func storm() {
    let words = ["poisson:8", "gamma:1:1", "all-at-once:3", ",", "+", ":", "=", "requests=", "prefix=", "1x1", "turns=", "uniform:1:2", "1e999", "-0", "nan", "start=", "seed=", "é", " ", "\n"]
    for seed in 0..<2_000 as Range<UInt64> {
      var random = SplitMix(seed: seed, purpose: "a text")
      let text = (0..<random.below(9)).map { _ in words[random.below(words.count)] }.joined()
      if let generator = try? Generator(text), generator.parts.reduce(0, { $0 + $1.requests }) < 2_000 {
        let trace = generator.trace()
        #expect(zip(trace.arrivals, trace.arrivals.dropFirst()).allSatisfy { $0.time <= $1.time }, "seed \(seed): \(text)")
      }
    }
  }
}
