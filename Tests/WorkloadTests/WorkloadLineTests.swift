import Core
import Testing

@testable import Workload

@Suite("Our own workload")
struct WorkloadLineTests {
  /// A trace with everything a trace can hold.
  static func anyTrace(_ random: inout SplitMix) -> Trace {
    func stream() -> TokenStream {
      switch random.below(4) {
      case 0: .own(random.below(1 << 40))
      case 1: .shared(UInt64(random.below(3_000)))
      case 2: .output(of: RequestID(random.below(1 << 20)))
      default: TokenStream(key: random.next())
      }
    }
    var trace = Trace(name: "any \"\\ \u{1}é\(random.below(10))", arrivals: [], labels: ["", "a\tb", "a\tb", "", "ü"])
    var time = 0
    for number in 0..<random.below(30) {
      time += random.below(3) * random.below(2_000_000_000)
      let prompt: Prompt =
        switch random.below(4) {
        case 0: Prompt(TokenRun(.own(number), start: random.below(2), count: random.below(5_000)))
        case 1: Prompt((0..<random.below(5)).map { _ in TokenRun(stream(), start: random.below(3) * 1_000, count: random.below(900)) })
        case 2: Prompt((0..<random.below(5)).map { _ in TokenID(random.below(1 << 31)) })
        default: Prompt(TokenRun(stream(), count: 7))
        }
      trace.arrivals.append(
        Arrival(
          time: .nanoseconds(time), prompt: prompt, outputLimit: 1 + random.below(900), priority: random.below(5) - 2,
          abortTime: random.below(2) == 0 ? .nanoseconds(time + random.below(1_000_000)) : nil,
          label: UInt16(random.below(5))))
    }
    return trace
  }

  @Test("what is written is read back exactly, whole and line by line")
  func roundTrip() throws {
    for seed in 0..<300 as Range<UInt64> {
      var random = SplitMix(seed: seed, purpose: "a trace")
      let trace = Self.anyTrace(&random)
      #expect(try TraceReader.read(WorkloadWriter.bytes(trace, origin: "a test"), name: "file").trace == trace, "seed \(seed)")
      for (number, arrival) in trace.arrivals.enumerated() {
        let line = WorkloadLine.encode(arrival, number: number, labels: trace.labels)
        #expect(try WorkloadLine.parse(line, number: number, labels: trace.labels) == arrival, "seed \(seed): \(line)")
      }
    }
  }

  @Test("traces of other formats keep everything when written as our own", arguments: Samples.all)
  func conversion(format: String, text: String) throws {
    let trace = try TraceReader.read(Array(text.utf8), name: "x").trace
    #expect(try TraceReader.read(WorkloadWriter.bytes(trace), name: "y").trace == trace)
  }

  @Test("equal prompts are written equally, and short")
  func forms() {
    func line(_ prompt: Prompt) -> String {
      WorkloadLine.encode(Arrival(time: .microseconds(1), prompt: prompt, outputLimit: 2), number: 7, labels: [""])
    }
    #expect(line(Prompt(TokenRun(.own(7), count: 12))) == #"{"t_us":1,"prompt":12,"output":2}"#)
    #expect(line(Prompt(TokenRun(.own(8), count: 12))) == #"{"t_us":1,"prompt":[["p8",12]],"output":2}"#)
    #expect(line(Prompt([TokenID]())) == #"{"t_us":1,"prompt":[],"output":2}"#)
    #expect(line(Prompt([TokenRun]())) == #"{"t_us":1,"prompt":[[]],"output":2}"#)
    #expect(line(Prompt([3])) == #"{"t_us":1,"prompt":[3],"output":2}"#)
  }

  @Test(
    "a wrong line says which member",
    arguments: [
      (#"{"prompt":1,"output":1}"#, "t_us: is missing"),
      (#"{"t_us":1,"t_ns":1000,"prompt":1,"output":1}"#, "t_ns: stands twice"),
      (#"{"t_us":1,"prompt":1,"output":0}"#, "output: \"0\" tokens"),
      (#"{"t_us":-1,"prompt":1,"output":1}"#, "t_us: \"-1\" is negative"),
      (#"{"t_us":1,"prompt":-1,"output":1}"#, "prompt: \"-1\" is negative"),
      (#"{"t_us":1,"prompt":[["x1",2]],"output":1}"#, "prompt: \"x1\" is not a stream"),
      (#"{"t_us":1,"prompt":[["a2147483648",2]],"output":1}"#, "is not a stream"),
      (##"{"t_us":1,"prompt":[["#12",2]],"output":1}"##, "is not a stream"),
      (#"{"t_us":1,"prompt":[["s1"]],"output":1}"#, ", expected in a run"),
      (#"{"t_us":1,"prompt":[["s1",9000000],["s2",9000000]],"output":1}"#, "prompt: over the reader's limit"),
      (#"{"t_us":1,"prompt":[1.5],"output":1}"#, "prompt: token 1"),
      (#"{"t_us":1,"prompt":1,"output":1,"label":9}"#, "label: 9 is not in the header's list"),
      (#"{"t_us":1,"prompt":1,"output":1,"label":"nobody"}"#, "label: not one of the trace's labels"),
      (#"{"t_us":1,"prompt":1,"output":1,"speed":9}"#, "speed: not a member of a request"),
      (#"{"t_us":1,"prompt":1,"output":1"#, "not JSON: the line ends between members"),
    ])
  func faults(line: String, message: String) {
    do throws(TraceFault) {
      let arrival = try WorkloadLine.parse(line, number: 0, labels: ["", "chat"])
      Issue.record("read as \(arrival)")
    } catch {
      #expect(error.description.contains(message), "\(error)")
    }
  }
}
