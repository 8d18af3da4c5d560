import Foundation
import TestSupport
import Testing

@testable import Validation

@Suite("Sweeps beside measurements")
struct SweepComparisonTests {
  @Test("rows that cannot be modelled are counted by their reason")
  func leftOut() throws {
    let table = try SweepTable(
      name: "tiny.csv",
      text: """
        gpu,engine,model,gemm_dtype,input_tokens,output_tokens,concurrency,tp,pp,attention_dp,tpot_ms,suspect
        H100-SXM,vllm,Qwen/Qwen3-32B,,64,8,2.0,2.0,1.0,,12.5,0
        H100-SXM,vllm,Qwen/Qwen3-32B,,64,8,2.0,2.0,1.0,,12.5,1
        H100-SXM,sglang,Qwen/Qwen3-32B,,64,8,2.0,2.0,1.0,,12.5,0
        H100-SXM,vllm,Someone/Nothing,,64,8,2.0,2.0,1.0,,12.5,0
        H100-SXM,vllm,Qwen/Qwen3-32B,,64,8,2.0,2.0,4.0,,12.5,0
        """)
    let comparison = SweepComparison(of: table)
    #expect(comparison.rows.map(\.line) == [2])
    #expect(comparison.leftOut.map(\.reason) == ["marked suspect", "served by sglang", "no card of the model", "pipeline parallel"])
    #expect(comparison.errors?.count == 1)
  }

  @Test("a table is known by its header; another file is refused with what was expected")
  func kinds() throws {
    #expect(throws: ValidationFault("x.csv:1: the header is not that of a closed-loop, open-loop or static-batch table")) {
      try SweepTable(name: "x.csv", text: "a,b\n1,2")
    }
    #expect(try SweepTable(name: "s.csv", text: "model,gpu,tp,prompt_tokens,batch_size,output_tokens,token_ms\n").kind == .staticBatch)
  }

  @Test("more clients wait longer for a token, and longer prompts too")
  func monotone() throws {
    func tpot(clients: Int, prompt: Int) throws -> Double {
      let table = try SweepTable(
        name: "tiny.csv",
        text: """
          gpu,engine,model,input_tokens,output_tokens,concurrency,tp,attention_dp,tpot_ms
          H100-SXM,vllm,meta-llama/Llama-3.1-8B,\(prompt),32,\(clients),1,,10
          """)
      return SweepComparison(of: table).rows[0].predicted
    }
    #expect(try tpot(clients: 1, prompt: 256) < tpot(clients: 16, prompt: 256))
    #expect(try tpot(clients: 16, prompt: 256) < tpot(clients: 16, prompt: 1_024))
  }
}
