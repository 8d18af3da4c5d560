import Core
import Testing

@testable import Workload

@Suite("Formats")
struct FormatsTests {
  @Test("every format of the catalogue is tested by a sample and has a name, a summary and a source")
  func catalogue() {
    for descriptor in TraceFormats.catalogue {
      #expect(Samples.all.contains { $0.format == descriptor.name })
      #expect(!descriptor.summary.isEmpty && !descriptor.source.isEmpty)
      #expect(TraceFormats.named(descriptor.name)?.descriptor == descriptor)
    }
    #expect(Set(TraceFormats.catalogue.map(\.name)).count == TraceFormats.catalogue.count)
  }

  @Test(
    "each row becomes a request",
    arguments: [
      (
        Samples.azure2023,
        """
        {"t_us":0,"prompt":4808,"output":10}
        {"t_us":52000,"prompt":3180,"output":8}
        {"t_ns":1020040100,"prompt":110,"output":27}
        """
      ),
      (
        Samples.azure2024,
        """
        {"t_us":0,"prompt":2162,"output":5}
        {"t_us":500000,"prompt":76,"output":15}
        """
      ),
      (
        Samples.burstGPT,
        """
        {"t_us":0,"prompt":248,"output":43,"label":"ChatGPT"}
        {"t_us":7900000,"prompt":2159,"output":71,"label":"GPT-4"}
        {"t_us":9200000,"prompt":[["p3",12]],"output":5,"label":"ChatGPT"}
        """
      ),
      (
        Samples.burstGPTOld,
        """
        {"t_us":0,"prompt":248,"output":43,"label":"ChatGPT"}
        {"t_us":8000000,"prompt":2159,"output":71,"label":"GPT-4"}
        """
      ),
      (
        Samples.mooncake,
        """
        {"t_us":0,"prompt":[["s0",512],["s1",512],["s2",276]],"output":50}
        {"t_us":3000000,"prompt":[["s0",512],["s3",512]],"output":5}
        {"t_us":3001500,"prompt":20,"output":7}
        """
      ),
      (
        Samples.qwen,
        """
        {"t_us":0,"prompt":[["s7",16],["s8",16],["s9",1]],"output":9,"label":"text"}
        {"t_us":1296000,"prompt":[["s7",16],["s8",16],["s10",16]],"output":9,"label":"search"}
        """
      ),
      (
        Samples.llmServingSim,
        """
        {"t_us":0,"prompt":[5,6,7],"output":23}
        {"t_ns":1500,"prompt":164,"output":14}
        """
      ),
      (
        Samples.blis,
        """
        {"t_us":0,"prompt":1579,"output":191,"label":"acme/standard"}
        {"t_us":3679,"prompt":[["\(TraceReaderTests.sharedName("sys"))",512],["p1",100]],"output":12,"priority":3,"abort_us":8878094,"label":"acme/batch"}
        """
      ),
      (
        Samples.workload,
        """
        {"t_us":5,"prompt":[["s0",800],["p0",120]],"output":64,"label":"chat"}
        {"t_ns":5001,"prompt":40,"output":16,"priority":-1,"abort_us":9000000}
        {"t_us":6,"prompt":[5,81,3],"output":1,"label":"new"}
        {"t_us":7,"prompt":[["s0",800],["p0",120],["a0",64],["p3",8,9]],"output":1}
        """
      ),
    ])
  func rows(sample: String, picture: String) throws {
    #expect(try Samples.picture(sample) == picture)
  }

  @Test("failed requests are left out and counted, strict or not")
  func failed() throws {
    let burst = try TraceReader.read(Array(Samples.burstGPT.utf8), name: "x")
    #expect(burst.failedCount == 1)
    #expect(burst.warnings.map(\.description) == ["line 4: 1 failed request without output left out, the first here"])
    #expect(try TraceReader.read(Array(Samples.blis.utf8), name: "x").failedCount == 1)
  }

  @Test("equal block ids are equal tokens; a block's tokens do not depend on the row")
  func blocks() throws {
    let arrivals = try TraceReader.read(Array(Samples.mooncake.utf8), name: "x").trace.arrivals
    #expect(arrivals[0].prompt.tokens(in: 0..<512) == arrivals[1].prompt.tokens(in: 0..<512))
    #expect(arrivals[0].prompt.tokens(in: 512..<1_024) != arrivals[1].prompt.tokens(in: 512..<1_024))
  }

  @Test(
    "a bad value names its key",
    arguments: [
      (#"{"timestamp":1,"input_length":0,"output_length":1}"#, "input_length: \"0\" tokens; a request has at least 1"),
      (#"{"timestamp":1,"input_length":1,"output_length":0}"#, "output_length: \"0\" tokens"),
      (#"{"timestamp":1,"input_length":1.5,"output_length":1}"#, "input_length: \"1.5\" is not a whole number"),
      (#"{"timestamp":1,"input_length":10000001,"output_length":1}"#, "input_length: \"10000001\" is over the reader's limit"),
      (#"{"timestamp":-1,"input_length":1,"output_length":1}"#, "timestamp: \"-1\" is negative"),
      (#"{"timestamp":1e300,"input_length":1,"output_length":1}"#, "timestamp: \"1e300\" is over the reader's limit"),
      (#"{"timestamp":1,"output_length":1}"#, "input_length: is missing"),
      (#"{"timestamp":1,"input_length":1,"input_length":2,"output_length":1}"#, "input_length: stands twice"),
      (#"{"timestamp":1,"input_length":1,"output_length":1,"hash_ids":[-1]}"#, "hash_ids: id 1 is not"),
      (#"{"timestamp":1,"input_length":1,"output_length":1,"hash_ids":7}"#, "hash_ids: not an array"),
      (#"{"timestamp":1,"input_length":1,"output_length":1} {}"#, "more text after the object"),
      (#"{"input_toks":2,"output_toks":1,"arrival_time_ns":0,"input_tok_ids":[1]}"#, "input_tok_ids: 1 ids for 2 tokens"),
      (#"{"input_toks":1,"output_toks":1,"arrival_time_ns":0,"input_tok_ids":[2147483648]}"#, "input_tok_ids: token 1 is not in"),
    ])
  func badValues(row: String, message: String) {
    #expect(Samples.error(row).hasPrefix("sample:1:"))
    #expect(Samples.error(row).contains(message))
  }

  @Test("an agentic session is left out and said, for its later calls have no arrival time")
  func sessions() throws {
    let rows = #"{"input_toks":2,"output_toks":1,"arrival_time_ns":0}"# + "\n"
      + #"{"session_id":"a","arrival_time_ns":5,"sub_requests":[{"input_toks":9,"output_toks":1,"tool_duration_ns":4}]}"#
    let reading = try TraceReader.read(Array(rows.utf8), name: "x")
    #expect(reading.trace.arrivals.count == 1 && reading.sessionCount == 1)
    #expect(reading.warnings.map(\.description).first?.hasPrefix("line 2: sub_requests: 1 agentic session left out") == true)
  }

  @Test("what the ids do not cover is private to the row, and surplus ids are left out, with a doubt each")
  func blockCount() throws {
    let rows =
      #"{"timestamp":0,"input_length":1000,"output_length":1,"hash_ids":[4]}"# + "\n"
      + #"{"timestamp":0,"input_length":100,"output_length":1,"hash_ids":[4,5]}"#
    #expect(
      try Samples.picture(rows) == """
        {"t_us":0,"prompt":[["s4",512],["p0",488]],"output":1}
        {"t_us":0,"prompt":[["s4",100]],"output":1}
        """)
    #expect(try TraceReader.read(Array(rows.utf8), name: "x").warnings.map(\.line) == [1, 2])
  }
}
