import Core
import Testing

@testable import Transformer

@Suite("Llama")
struct LlamaTests {
  /// A model of random weights: 2 layers, 32 wide, 4 heads over 2 key heads, 48 tokens.
  static func writer(architecture: String = "llama", seed: UInt64 = 1) -> GGUFWriter {
    var random = SplitMix(seed: seed, purpose: "weights")
    func floats(_ count: Int, around centre: Float = 0) -> [Float] {
      (0..<count).map { _ in centre + Float(random.unit() - 0.5) * 0.5 }
    }
    var writer = GGUFWriter()
    writer["general.architecture"] = .string(architecture)
    for (key, value) in [
      ("block_count", 2), ("embedding_length", 32), ("feed_forward_length", 64), ("attention.head_count", 4),
      ("attention.head_count_kv", 2), ("context_length", 128),
    ] as [(String, UInt32)] { writer["\(architecture).\(key)"] = .uint32(value) }
    writer["\(architecture).attention.layer_norm_rms_epsilon"] = .float32(1e-5)
    writer["\(architecture).rope.freq_base"] = .float32(10_000)
    writer.append("token_embd.weight", shape: [32, 48], floats: floats(32 * 48))
    writer.append("output_norm.weight", shape: [32], floats: floats(32, around: 1))
    for layer in 0..<2 {
      func matrix(_ name: String, _ width: Int, _ rows: Int) {
        writer.append("blk.\(layer).\(name).weight", shape: [width, rows], floats: floats(width * rows))
      }
      writer.append("blk.\(layer).attn_norm.weight", shape: [32], floats: floats(32, around: 1))
      writer.append("blk.\(layer).ffn_norm.weight", shape: [32], floats: floats(32, around: 1))
      for (name, width, rows) in [
        ("attn_q", 32, 32), ("attn_k", 32, 16), ("attn_v", 32, 16), ("attn_output", 32, 32), ("ffn_gate", 32, 64), ("ffn_up", 32, 64),
        ("ffn_down", 64, 32),
      ] { matrix(name, width, rows) }
      if architecture == "qwen2" {
        for (name, width) in [("attn_q", 32), ("attn_k", 16), ("attn_v", 16)] {
          writer.append("blk.\(layer).\(name).bias", shape: [width], floats: floats(width))
        }
      }
      if architecture == "qwen3" {
        for name in ["attn_q_norm", "attn_k_norm"] {
          writer.append("blk.\(layer).\(name).weight", shape: [8], floats: floats(8, around: 1))
        }
      }
    }
    return writer
  }

  static let tokens: [TokenID] = (0..<23).map { TokenID($0 * 7 % 48) }

  @Test("any cut of the prompt and any placing of its blocks gives the same logits", arguments: ["llama", "qwen2", "qwen3"])
  func chunks(architecture: String) throws {
    let llama = try Llama(file(Self.writer(architecture: architecture).bytes))
    var whole = LlamaCache(llama.shape, blockCount: 6, tokensPerBlock: 4)
    let expected = llama.logits(of: Self.tokens, from: 0, table: [0, 1, 2, 3, 4, 5], in: &whole)
    #expect(expected.count == 48 && expected.allSatisfy { $0.isFinite })
    for seed in 0..<20 {
      var random = SplitMix(seed: UInt64(seed), purpose: "chunks")
      var cache = LlamaCache(llama.shape, blockCount: 12, tokensPerBlock: 4)
      let table = Array((0..<12).map { BlockID($0) }.shuffled(using: &random).prefix(6))
      var start = 0
      var logits: [Float] = []
      while start < Self.tokens.count {
        let count = min(1 + random.below(9), Self.tokens.count - start)
        logits = llama.logits(of: Array(Self.tokens[start..<start + count]), from: start, table: table, in: &cache)
        start += count
      }
      #expect(logits == expected, "seed \(seed)")
    }
  }

  @Test("the constants are the file's: each one that changes changes the logits")
  func constants() throws {
    func logits(_ change: (inout GGUFWriter) -> Void) throws -> [Float] {
      var writer = Self.writer()
      change(&writer)
      let llama = try Llama(file(writer.bytes))
      var cache = LlamaCache(llama.shape, blockCount: 6, tokensPerBlock: 4)
      return llama.logits(of: Self.tokens, from: 0, table: [0, 1, 2, 3, 4, 5], in: &cache)
    }
    let plain = try logits { _ in }
    #expect(try logits { $0["llama.attention.layer_norm_rms_epsilon"] = .float32(1e-2) } != plain)
    #expect(try logits { $0["llama.rope.freq_base"] = .float32(500_000) } != plain)
    #expect(try logits { $0["llama.rope.dimension_count"] = .uint32(4) } != plain)
    #expect(try logits { $0["llama.rope.scaling.type"] = .string("linear"); $0["llama.rope.scaling.factor"] = .float32(4) } != plain)
    #expect(try logits { $0.append("rope_freqs.weight", shape: [4], floats: [1, 1, 2, 8]) } != plain)
    #expect(try logits { $0.append("output.weight", shape: [32, 48], floats: [Float](repeating: 0.5, count: 32 * 48)) } != plain)
    #expect(try logits { $0["llama.rope.dimension_count"] = .uint32(8) } == plain)
  }

  @Test("what does not fit together is one line that names it")
  func damage() throws {
    func problem(_ change: (inout GGUFWriter) -> Void) throws -> GGUFError.Problem? {
      var writer = Self.writer()
      change(&writer)
      do throws(GGUFError) {
        _ = try Llama(GGUFFile(MappedFile(name: "t", bytes: writer.bytes)))
        return nil
      } catch { return error.problem }
    }
    #expect(try problem { $0["general.architecture"] = .string("mamba") } == .unsupportedArchitecture("mamba"))
    #expect(try problem { $0["llama.block_count"] = .uint32(3) } == .missingTensor("blk.2.attn_norm.weight"))
    #expect(
      try problem { $0["llama.feed_forward_length"] = .uint32(96) }
        == .wrongShape(tensor: "blk.0.ffn_gate.weight", expected: [32, 96], found: [32, 64]))
    #expect(
      try problem { $0["llama.attention.head_count_kv"] = .uint32(3) }
        == .outOfRange(key: "llama.attention.head_count_kv", value: "3", allowed: "divisors of 4"))
    #expect(
      try problem { $0["llama.rope.scaling.type"] = .string("yarn") }
        == .outOfRange(key: "llama.rope.scaling.type", value: "yarn", allowed: "none and linear"))
    #expect(
      try problem { $0["llama.attention.layer_norm_rms_epsilon"] = nil } == .missingKey("llama.attention.layer_norm_rms_epsilon"))
  }
}
