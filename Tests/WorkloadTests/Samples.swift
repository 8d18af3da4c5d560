import Core

@testable import Workload

/// Small files of every format, made here, so that tests need nothing from outside.
enum Samples {
  static let azure2023 =
    "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n"
    + "2023-11-16 18:17:04.0319600,3180,8\r\n2023-11-16 18:17:05.0000001,110,27"
  static let azure2024 =
    "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 23:59:59.500000+00:00,2162,5\n2024-05-11 00:00:00+00:00,76,15\n"
  static let burstGPT =
    "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    + "18001.8,,3,ChatGPT,248,43,291,API log\n18009.7,8e81973e,6,GPT-4,2159,71,2230,Conversation log\n"
    + "18010.0,,1,ChatGPT,520,0,520,API log\n18011,,1,ChatGPT,12,5,17,API log\n"
  static let burstGPTOld =
    "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n1,ChatGPT,248,43,291,API log\n9,GPT-4,2159,71,2230,API log\n"
  static let mooncake =
    "{\"timestamp\": 0, \"input_length\": 1300, \"output_length\": 50, \"hash_ids\": [0, 1, 2]}\n"
    + "{\"timestamp\": 3000, \"input_length\": 1024, \"output_length\": 5, \"hash_ids\": [0, 3]}\n"
    + "{\"timestamp\": 3001.5, \"input_length\": 20, \"output_length\": 7}\n"
  static let qwen =
    "{\"chat_id\": 0, \"parent_chat_id\": -1, \"timestamp\": 0.204, \"input_length\": 33, \"output_length\": 9, \"type\": \"text\", \"turn\": 1, \"hash_ids\": [7, 8, 9]}\n"
    + "{\"chat_id\": 1, \"parent_chat_id\": 0, \"timestamp\": 1.5, \"input_length\": 48, \"output_length\": 9, \"type\": \"search\", \"turn\": 2, \"hash_ids\": [7, 8, 10]}\n"
  static let llmServingSim =
    "{\"input_toks\":3,\"output_toks\":23,\"arrival_time_ns\":1000,\"input_tok_ids\":[5,6,7],\"output_tok_ids\":[1]}\n"
    + "{\"input_toks\":164,\"output_toks\":14,\"arrival_time_ns\":2500}\n"
  static let blis =
    "request_id,tenant_id,slo_class,prefix_group,prefix_length,input_tokens,output_tokens,deadline_us,arrival_time_us,vllm_priority,status\n"
    + "0,acme,standard,,0,1579,191,0,121906,,ok\n1,acme,batch,sys,512,100,12,9000000,125585,3,ok\n2,,batch,sys,512,7,0,0,125600,,timeout\n"
  static let workload =
    "{\"schema\":\"workbench.workload/1\",\"name\":\"own\",\"labels\":[\"\",\"chat\"]}\n"
    + "{\"t_us\":5,\"prompt\":[[\"s0\",800],[\"p0\",120]],\"output\":64,\"label\":\"chat\"}\n"
    + "{\"t_ns\":5001,\"prompt\":40,\"output\":16,\"priority\":-1,\"abort_us\":9000000}\n"
    + "{\"t_us\":6,\"prompt\":[5,81,3],\"output\":1,\"label\":\"new\"}\n"
    + "{\"t_us\":7,\"prompt\":[[\"s0\",800],[\"p0\",120],[\"a0\",64],[\"#0100000000000003\",8,9]],\"output\":1}\n"

  static let all: [(format: String, text: String)] = [
    ("azure", azure2023), ("azure", azure2024), ("burstgpt", burstGPT), ("burstgpt", burstGPTOld),
    ("mooncake", mooncake), ("qwen-bailian", qwen), ("llmservingsim", llmServingSim), ("blis", blis),
    ("workload", workload),
  ]

  /// Each request in a few words: nanoseconds, prompt, output, then what is unusual.
  static func picture(_ text: String, options: TraceOptions = TraceOptions()) throws -> String {
    let reading = try TraceReader.read(Array(text.utf8), name: "sample", options: options)
    return reading.trace.arrivals.enumerated().map { number, arrival in
      WorkloadLine.encode(arrival, number: number, labels: reading.trace.labels)
    }.joined(separator: "\n")
  }

  static func error(_ text: String, options: TraceOptions = TraceOptions()) -> String {
    do throws(TraceError) {
      let reading = try TraceReader.read(Array(text.utf8), name: "sample", options: options)
      return "no error, \(reading.trace.arrivals.count) requests"
    } catch {
      return error.description
    }
  }
}
