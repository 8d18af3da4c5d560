import Core
import Testing

@testable import Workload

@Suite("Telling files apart")
struct TraceRecognitionTests {
  @Test(
    "what is known but no workload is named in one line",
    arguments: [
      ("# HELP vllm:x y\n", "Prometheus metrics"), ("vllm:num_requests_running{engine=\"0\"} 3.0\n", "Prometheus metrics"),
      ("process_open_fds 12\n", "Prometheus metrics"), ("<!DOCTYPE html>", "an HTML page"),
      ("trace_version: 3\n", "BLIS TraceV2"), ("(APIServer pid=1) INFO 11-20 [x.py:1] up\n", "an engine's log"),
      ("[2026-10-20 09:00:01] Decode batch, #running-req: 1\n", "an engine's log"),
      ("{\"version\": 2, \"width\": 60, \"height\": 8}\n[0.1, \"o\", \"x\"]\n", "asciicast"),
      ("{\"traceEvents\": []}", "a Chrome trace"), ("[{\"ph\": \"X\"}]", "a Chrome trace"),
      ("{\"prompt\": \"Hi\", \"output_tokens\": 4}\n", "prompts as text"),
      ("[\n {\"id\": \"a\", \"conversations\": []}]", "prompts as text"),
      ("{\"date\": \"x\", \"backend\": \"vllm\", \"ttfts\": []}", "a benchmark's result"),
      ("{\"topic\": \"\", \"seq\": 0, \"events\": []}", "KV cache events"),
      ("{\"error\": {\"code\": 501}}", "server's error"),
      ("0,0.6355,0.9940,Gamma,1.0799,0.2116\n", "arrival rates"),
      ("[{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}]", "a JSON array of mooncake rows"),
      ("\u{1f}\u{8b}", "not a known trace"),
      ("TIMESTAMP;ContextTokens;GeneratedTokens\n", "the separator is \";\""),
      ("TIMESTAMP\tContextTokens\tGeneratedTokens\n", "the separator is a tab"),
      ("2023-11-16 18:17:03.97,4808,10\n", "no header — azure expects"),
    ])
  func known(text: String, expected: String) {
    let message = Samples.error(text)
    #expect(message.contains(expected))
    #expect(!message.contains("\n"))
  }

  @Test("text in UTF-16 and compressed data are told by their bytes")
  func encodings() {
    func error(_ bytes: [UInt8]) -> String {
      do throws(TraceError) { return "\(try TraceReader.read(bytes, name: "x").format)" } catch { return "\(error)" }
    }
    #expect(error([0xff, 0xfe, 0x54, 0]).contains("UTF-16"))
    #expect(error(Samples.azure2023.utf8.flatMap { [$0, 0] }).contains("UTF-16"))
    #expect(error([0x1f, 0x8b, 8, 0]).contains("gzip"))
    #expect(error([0x28, 0xb5, 0x2f, 0xfd]).contains("zstd"))
  }

  @Test("a damaged first line does not hide the format")
  func damagedStart() throws {
    var options = TraceOptions()
    options.lenient = true
    let reading = try TraceReader.read(Array(("# made by hand\n{\"times\n" + Samples.mooncake).utf8), name: "x", options: options)
    #expect(reading.format.name == "mooncake")
    #expect(reading.rejected.map(\.line) == [1, 2])
    #expect(reading.trace.arrivals.count == 3)
  }
}
