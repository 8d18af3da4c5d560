import Core
import Foundation
import Testing

@testable import Transformer

/// The plain forward pass, held to the column “exact activations” of the golden README.
///
/// By itself it takes what a debug run has time for; `WORKBENCH_THOROUGH=1` takes all prompts and the whole text.
@Suite("SmolLM2: exact forward pass", .enabled(if: SmolLM2.hasAll, SmolLM2.absent))
struct SmolLM2ForwardTests {
  static let isThorough = ProcessInfo.processInfo.environment["WORKBENCH_THOROUGH"] != nil

  struct PromptRecord: Decodable {
    let id: String
    let ids: [TokenID]
    let greedy: [TokenID]
    let reference_gap: [Float]
  }

  struct LogitsRecord: Decodable {
    struct Side: Decodable {
      let l2: Double
      let top: [[Double]]
    }
    let id: String
    let reference: Side
  }

  @Test("logits after each prompt, and along the recorded answer, are the reference's")
  func prompts() throws {
    let llama = try Llama(GGUFFile(SmolLM2.model))
    let logits = try SmolLM2.records("logits.jsonl", as: LogitsRecord.self)
    var (worst, worstLength, worstGap): (Double, Double, Float) = (0, 0, 0)
    for record in try SmolLM2.records("prompts.jsonl", as: PromptRecord.self) where Self.isThorough || record.ids.count <= 16 {
      var cache = LlamaCache(llama.shape, blockCount: 40, tokensPerBlock: 16)
      let table = (0..<40).map { BlockID(39 - $0) }
      let reference = try #require(logits.first { $0.id == record.id }).reference
      let fed = Array(record.greedy.dropLast())
      let last = record.ids.count - 1
      let rows = llama.logits(of: record.ids + fed, from: 0, table: table, in: &cache, rows: last..<last + 1 + fed.count)
      let first = rows.prefix(llama.shape.vocabulary)
      for pair in reference.top { worst = max(worst, abs(Double(first[Int(pair[0])]) - pair[1])) }
      let length = first.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      worstLength = max(worstLength, abs(length / reference.l2 - 1))
      for (step, token) in record.greedy.enumerated() {
        let row = rows[step * llama.shape.vocabulary..<(step + 1) * llama.shape.vocabulary]
        let gap = row.max()! - row[row.startIndex + Int(token)]
        worstGap = max(worstGap, abs(gap - record.reference_gap[step]))
      }
    }
    print("SmolLM2: top-20 logits within \(worst), norm within \(worstLength), gaps within \(worstGap)")
    #expect(worst < 0.002)
    #expect(worstLength < 0.002)
    #expect(worstGap < 0.05)
  }

  struct Perplexity: Decodable {
    struct Side: Decodable { let chunk_nll_sum: [Double] }
    let ids_sha256_le_u32: String
    let chunk: Int
    let reference: Side
  }

  @Test("the text has the recorded tokens, and each window the recorded likelihood")
  func perplexity() throws {
    let file = try GGUFFile(SmolLM2.model)
    let llama = try Llama(file)
    let text = try String(contentsOf: SmolLM2.golden.appendingPathComponent("text.txt"), encoding: .utf8)
    let golden = try JSONDecoder().decode(
      Perplexity.self, from: Data(contentsOf: SmolLM2.golden.appendingPathComponent("perplexity.json")))
    let tokens = try Tokenizer(file).encode(text)
    var bytes: [UInt8] = []
    for token in tokens { bytes.append(integer: token) }
    #expect(SHA256.hexadecimal(of: bytes) == golden.ids_sha256_le_u32)
    var (found, expected) = (0.0, 0.0)
    for (window, sum) in golden.reference.chunk_nll_sum.enumerated() where Self.isThorough || window == 0 {
      let fed = Array(tokens[window * golden.chunk..<(window + 1) * golden.chunk])
      var cache = LlamaCache(llama.shape, blockCount: golden.chunk / 16, tokensPerBlock: 16)
      let rows = llama.logits(
        of: fed, from: 0, table: (0..<golden.chunk / 16).map { BlockID($0) }, in: &cache, rows: 0..<golden.chunk - 1)
      for position in 0..<golden.chunk - 1 {
        let row = rows[position * llama.shape.vocabulary..<(position + 1) * llama.shape.vocabulary]
        let largest = row.max()!
        let total = row.reduce(0.0) { $0 + Foundation.exp(Double($1 - largest)) }
        found += Foundation.log(total) - Double(row[row.startIndex + Int(fed[position + 1])] - largest)
      }
      expected += sum
      print("SmolLM2: window \(window): \(found) nats so far, recorded \(expected)")
    }
    #expect(abs(found / expected - 1) < 0.0002)
  }
}
