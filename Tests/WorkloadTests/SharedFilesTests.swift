import Core
import Testing

@testable import Workload

@Suite("Files as they are published, and damaged ones", .enabled(if: SharedFolder.isPresent, "\(SharedFolder.absence)"))
struct SharedFilesTests {
  /// What a lenient reader makes of a file: requests, then what it turned away or doubted; or why it gave up.
  static func outcome(_ path: String, lenient: Bool = true) throws -> String {
    var options = TraceOptions()
    options.lenient = lenient
    do throws(TraceError) {
      let reading = try TraceReader.read(try! SharedFolder.bytes(path), name: "f", options: options)
      let rejected = reading.rejected.map { "\($0.line ?? 0)" }.joined(separator: ",")
      var text = "\(reading.format.name) \(reading.trace.arrivals.count)"
      if reading.rejectedCount > 0 { text += " rejects \(rejected)" }
      if reading.failedCount > 0 { text += " failed \(reading.failedCount)" }
      if reading.sessionCount > 0 { text += " sessions \(reading.sessionCount)" }
      if reading.warningCount > 0 {
        text += " warns " + reading.warnings.map { $0.line.map { "\($0)" } ?? "-" }.joined(separator: ",")
      }
      let times = reading.trace.arrivals.map(\.time)
      #expect(times == times.sorted(), "\(path): times go back")
      #expect(reading.trace.arrivals.allSatisfy { $0.prompt.count > 0 && $0.outputLimit > 0 })
      return text
    } catch {
      #expect(!error.description.contains("\n"))
      return "error: \(error)"
    }
  }

  @Test(
    "each published sample is read, or named for what it is",
    arguments: [
      ("azure2023.csv", "azure 120"),
      ("azure2024.csv", "azure 120"),
      ("mooncake.jsonl", "mooncake 100"),
      ("qwen_bailian.jsonl", "qwen-bailian 110"),
      ("burstgpt.csv", "burstgpt 117 failed 3 warns 19"),
      ("burstgpt_v1.csv", "burstgpt 58 failed 2 warns 19"),
      ("blis_trace.csv", "blis 40"),
      ("llmservingsim.jsonl", "llmservingsim 34 sessions 6 warns 35"),
      ("servegen_chunk-0-trace.csv", "table of arrival rates"),
      ("blis_trace_header.yaml", "header half of a BLIS"),
      ("sharegpt.json", "prompts as text"),
      ("vllm_custom.jsonl", "prompts as text"),
      ("vllm_bench_result.json", "benchmark's result"),
      ("vllm_bench_result_summary.json", "benchmark's result"),
      ("aiperf_profile_export.jsonl", "AIPerf"),
      ("otlp_spans.json", "OpenTelemetry"),
      ("vllm_iteration.log", "engine's log"),
      ("vllm_iteration_enginecore.log", "engine's log"),
      ("vllm_stats.log", "engine's log"),
      ("sglang.log", "engine's log"),
      ("trtllm_iter.log", "engine's log"),
      ("llamacpp.log", "engine's log"),
      ("trtllm_iteration_stats.json", "server's statistics"),
      ("llamacpp_slots.json", "server's statistics"),
      ("kv_events.jsonl", "KV cache events"),
      ("kv_events.hex", "KV cache events"),
      ("dynamo_router_events.jsonl", "KV cache events"),
      ("vllm_metrics.prom", "Prometheus metrics"),
      ("sglang_metrics.prom", "Prometheus metrics"),
      ("vllm_metrics.openmetrics", "Prometheus metrics"),
      ("chrome_trace.json", "Chrome trace"),
      ("recording.cast", "asciicast"),
    ])
  func samples(file: String, expected: String) throws {
    let outcome = try Self.outcome("formats/\(file)")
    if outcome.hasPrefix("error") {
      #expect(outcome.contains(expected))
    } else {
      #expect(outcome == expected)
    }
  }

  /// What a lenient reader makes of each damaged file.
  static let outcomes: [(file: String, expected: String)] = [
    ("empty.csv", "file is empty"),
    ("header_only.csv", "azure 0 warns -"),
    ("blank_lines_only.csv", "no header"),
    ("azure_truncated_line.csv", "azure 30 rejects 32"),
    ("azure_truncated_number.csv", "azure 30 rejects 32"),
    ("azure_wrong_header.csv", "azure 40"),
    ("azure_unknown_header.csv", "expects the columns TIMESTAMP, ContextTokens, GeneratedTokens"),
    ("azure_no_header.csv", "no header — azure expects"),
    ("azure_extra_column.csv", "azure 40"),
    ("azure_semicolon.csv", "one column, the separator is \";\""),
    ("azure_short_row.csv", "azure 40 rejects 12"),
    ("azure_negative.csv", "azure 40 rejects 7,8"),
    ("azure_zero.csv", "azure 40 rejects 7,8"),
    ("azure_nan.csv", "azure 40 rejects 7,8,9,10"),
    ("azure_huge.csv", "azure 40 rejects 7,8,9"),
    ("azure_float_tokens.csv", "azure 41 rejects 8 warns 9"),
    ("azure_bad_date.csv", "azure 40 rejects 7,8,9"),
    ("azure_nonmonotonic.csv", "azure 40 warns 10"),
    ("azure_duplicate_timestamps.csv", "azure 40"),
    ("azure_crlf.csv", "azure 40"),
    ("azure_cr_only.csv", "azure 40"),
    ("azure_mixed_eol.csv", "azure 40"),
    ("azure_bom.csv", "azure 40"),
    ("azure_utf16.csv", "not UTF-8 but UTF-16"),
    ("azure_invalid_utf8.csv", "azure 40 rejects 5"),
    ("azure_nul.csv", "azure 40 rejects 5"),
    ("azure_quoted.csv", "azure 40"),
    ("azure_spaces.csv", "azure 40"),
    ("burstgpt_unclosed_quote.csv", "burstgpt 18 rejects 11 failed 1 warns 20"),
    ("burstgpt_total_mismatch.csv", "burstgpt 19 failed 1 warns 11,20,12"),
    ("burstgpt_nan_session.csv", "burstgpt 19 failed 1 warns 20,12"),
    ("mooncake_truncated.jsonl", "mooncake 29 rejects 30"),
    ("mooncake_negative.jsonl", "mooncake 30 rejects 6,7"),
    ("mooncake_nan.jsonl", "mooncake 30 rejects 6,7"),
    ("mooncake_huge.jsonl", "mooncake 31 rejects 6,7 warns 9"),
    ("mooncake_hash_count.jsonl", "mooncake 31 warns 6,7"),
    ("mooncake_missing_key.jsonl", "mooncake 31 rejects 6 warns 8"),
    ("mooncake_string_numbers.jsonl", "mooncake 30 rejects 6"),
    ("mooncake_array.jsonl", "a JSON array of mooncake rows"),
    ("mooncake_two_per_line.jsonl", "mooncake 28 rejects 6"),
    ("mooncake_blank_lines.jsonl", "mooncake 30"),
    ("mooncake_comment.jsonl", "mooncake 30 rejects 1"),
    ("mooncake_crlf.jsonl", "mooncake 30"),
    ("mooncake_bom.jsonl", "mooncake 30"),
    ("mooncake_duplicate_key.jsonl", "mooncake 30 rejects 6"),
    ("mooncake_deep_nesting.jsonl", "mooncake 30 rejects 4"),
    ("mooncake_long_line.jsonl", "mooncake 31 warns 5"),
    ("mooncake_seconds.jsonl", "mooncake 30 warns -"),
    ("qwen_bad_parents.jsonl", "qwen-bailian 30 warns 5,10,12"),
    ("asciicast_bad.cast", "asciicast"),
    ("chrome_trace_bad.json", "Chrome trace"),
    ("prom_html.prom", "HTML page"),
    ("prom_json.prom", "server's error message"),
    ("prom_empty.prom", "file is empty"),
    ("prom_no_types.prom", "Prometheus metrics"),
    ("kv_events_bad.hex", "error"),
    ("vllm_iteration_ansi.log", "engine's log"),
    ("vllm_bench_truncated.json", "benchmark's result"),
  ]

  @Test("each damaged file has one known outcome", arguments: outcomes)
  func damaged(file: String, expected: String) throws {
    let outcome = try Self.outcome("formats/bad/\(file)")
    if outcome.hasPrefix("error") {
      #expect(outcome.contains(expected))
    } else {
      #expect(outcome == expected)
    }
  }

  @Test("no damaged trace is forgotten")
  func completeness() throws {
    let list = String(decoding: try SharedFolder.bytes("formats/bad/EXPECTED.tsv"), as: UTF8.self)
    for file in list.split(separator: "\n").compactMap({ $0.split(separator: "\t").first }) {
      let isTrace = ["azure_", "burstgpt_", "mooncake_", "qwen_"].contains { file.hasPrefix($0) }
      if isTrace { #expect(Self.outcomes.contains { $0.file == file }, "\(file)") }
    }
  }

  @Test("a strict reader stops at the first bad row and says how to go on")
  func strict() throws {
    #expect(
      try Self.outcome("formats/bad/azure_negative.csv", lenient: false)
        == "error: f:7: ContextTokens: \"-250\" is negative — correct the row, or pass --lenient to skip and count such rows")
  }

  @Test("the full Azure traces have the published lengths and spans")
  func azure() throws {
    let code = try TraceReader.read(try SharedFolder.bytes("traces/azure_llm_2023_code.csv"), name: "code").trace
    #expect(code.arrivals.count == 8_819)
    #expect(code.arrivals.last?.time == .nanoseconds(3_435_948_056_000))
    #expect(code.arrivals.map(\.prompt.count).max() == 7_437)
    #expect(code.arrivals.reduce(0) { $0 + $1.prompt.count } / 8_819 == 2_047)
    #expect(code.arrivals.map(\.outputLimit).max() == 1_899)
    let conversation = try TraceReader.read(try SharedFolder.bytes("traces/azure_llm_2023_conv.csv"), name: "conv").trace
    #expect(conversation.arrivals.count == 19_366)
    #expect(conversation.arrivals.last?.time == .nanoseconds(3_501_721_937_000))
  }

  @Test(
    "the full Mooncake traces share as many leading blocks as published",
    arguments: [("mooncake_conversation.jsonl", 12_031, 288_500, 366), ("mooncake_synthetic.jsonl", 3_993, 121_877, 640)])
  func mooncake(file: String, requests: Int, references: Int, hitPerMille: Int) throws {
    let trace = try TraceReader.read(try SharedFolder.bytes("traces/\(file)"), name: file).trace
    #expect(trace.arrivals.count == requests)
    var seen: Set<TokenStream> = []
    var blocks = 0
    var hits = 0
    for arrival in trace.arrivals {
      let runs = arrival.prompt.runs ?? []
      #expect(runs.dropLast().allSatisfy { $0.count == 512 } && (runs.last?.count ?? 0) > 0)
      blocks += runs.count
      hits += runs.prefix { seen.contains($0.stream) }.count
      for run in runs { seen.insert(run.stream) }
    }
    #expect(blocks == references)
    #expect((hits * 1_000 + blocks / 2) / blocks == hitPerMille)
  }
}
