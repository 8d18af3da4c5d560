import Hardware
import Testing

/// Shapes as other projects write them down, each typed in from there, beside the cards of the catalogue.
///
/// litgpt is Lightning-AI/litgpt `litgpt/config.py`, FlexGen is FMInference `flexgen/opt_config.py`, gpt-oss is openai/gpt-oss
/// `gpt_oss/torch/model.py`, DeepSeek is deepseek-ai/DeepSeek-V3 `inference/configs`, aiconfigurator is
/// ai-dynamo/aiconfigurator `model_configs`, transformers is huggingface/transformers `configuration_llama4.py`, NeMo is NVIDIA/NeMo `gpt/model/mistral.py`.
@Suite("Models beside other projects' shapes")
struct ModelShapesTests {
  struct Shape: Sendable {
    var name: String
    /// `model_type`.
    var family: String
    var layers, hidden, heads, kvHeads, intermediate, vocabulary, context: Int
    /// Other fields of the file.
    var more: String

    init(
      _ name: String, _ family: String, _ layers: Int, _ hidden: Int, heads: Int, kv: Int? = nil, _ intermediate: Int, vocabulary: Int,
      context: Int, _ more: String = ""
    ) {
      (self.name, self.family, self.more) = (name, family, more)
      (self.layers, self.hidden, self.heads, kvHeads, self.intermediate) = (layers, hidden, heads, kv ?? heads, intermediate)
      (self.vocabulary, self.context) = (vocabulary, context)
    }

    var config: String {
      let heads =
        switch family {
        case "falcon": #""num_attention_heads": \#(heads), "num_kv_heads": \#(kvHeads), "ffn_hidden_size": \#(intermediate)"#
        case "opt": #""num_attention_heads": \#(heads), "ffn_dim": \#(intermediate), "word_embed_proj_dim": \#(hidden)"#
        default:
          #""num_attention_heads": \#(heads), "num_key_value_heads": \#(kvHeads), "intermediate_size": \#(intermediate)"#
        }
      return """
        {"model_type": "\(family)", "num_hidden_layers": \(layers), "hidden_size": \(hidden), \(heads),
         "vocab_size": \(vocabulary), "max_position_embeddings": \(context)\(more.isEmpty ? "" : ", ")\(more)}
        """
    }
  }

  private static let tied = #""tie_word_embeddings": true"#
  private static func experts(_ count: Int, width: Int) -> String {
    #""num_experts": \#(count), "num_experts_per_tok": 8, "moe_intermediate_size": \#(width), "head_dim": 128"#
  }

  static let litgpt: [Shape] = [
    // open_llama_13b and Platypus-30B are trained in the shapes of LLaMA.
    Shape("LLaMA-13B", "llama", 40, 5120, heads: 40, 13824, vocabulary: 32000, context: 2048),
    Shape("LLaMA-33B", "llama", 60, 6656, heads: 52, 17920, vocabulary: 32000, context: 2048),
    Shape("Llama-2-7B", "llama", 32, 4096, heads: 32, 11008, vocabulary: 32000, context: 4096),
    Shape("Llama-2-13B", "llama", 40, 5120, heads: 40, 13824, vocabulary: 32000, context: 4096),
    Shape("Llama-2-70B", "llama", 80, 8192, heads: 64, kv: 8, 28672, vocabulary: 32000, context: 4096),
    Shape("CodeLlama-13B", "llama", 40, 5120, heads: 40, 13824, vocabulary: 32016, context: 16384),
    Shape("CodeLlama-34B", "llama", 48, 8192, heads: 64, kv: 8, 22016, vocabulary: 32000, context: 16384),
    Shape("Llama-3-8B", "llama", 32, 4096, heads: 32, kv: 8, 14336, vocabulary: 128_256, context: 8192),
    Shape("Llama-3.1-8B", "llama", 32, 4096, heads: 32, kv: 8, 14336, vocabulary: 128_256, context: 131_072),
    Shape("Llama-3.1-70B", "llama", 80, 8192, heads: 64, kv: 8, 28672, vocabulary: 128_256, context: 131_072),
    Shape("Llama-3.1-405B", "llama", 126, 16384, heads: 128, kv: 8, 53248, vocabulary: 128_256, context: 131_072),
    Shape("Llama-3.2-1B", "llama", 16, 2048, heads: 32, kv: 8, 8192, vocabulary: 128_256, context: 131_072, tied),
    Shape("Llama-3.2-3B", "llama", 28, 3072, heads: 24, kv: 8, 8192, vocabulary: 128_256, context: 131_072, tied),
    Shape("Llama-3.3-70B", "llama", 80, 8192, heads: 64, kv: 8, 28672, vocabulary: 128_256, context: 131_072),
    Shape("Mistral-7B", "mistral", 32, 4096, heads: 32, kv: 8, 14336, vocabulary: 32768, context: 32768, #""sliding_window": null"#),
    Shape("Mistral-7B-v0.1", "mistral", 32, 4096, heads: 32, kv: 8, 14336, vocabulary: 32000, context: 32768, #""sliding_window": 4096"#),
    // litgpt leaves the width of a head out; only 128 gives the published number of parameters. Its context is 32k.
    Shape(
      "Mistral-Small-24B", "mistral", 40, 5120, heads: 32, kv: 8, 32768, vocabulary: 131_072, context: 32768, #""head_dim": 128"#),
    Shape(
      "Mixtral-8x7B", "mixtral", 32, 4096, heads: 32, kv: 8, 14336, vocabulary: 32000, context: 32768,
      #""num_local_experts": 8, "num_experts_per_tok": 2"#),
    Shape(
      "Mixtral-8x22B", "mixtral", 56, 6144, heads: 48, kv: 8, 16384, vocabulary: 32768, context: 65536,
      #""num_local_experts": 8, "num_experts_per_tok": 2"#),
    // Contexts of the Instruct files.
    Shape("Qwen2.5-7B", "qwen2", 28, 3584, heads: 28, kv: 4, 18944, vocabulary: 152_064, context: 32768),
    Shape("Qwen2.5-14B", "qwen2", 48, 5120, heads: 40, kv: 8, 13824, vocabulary: 152_064, context: 32768),
    Shape("Qwen2.5-32B", "qwen2", 64, 5120, heads: 40, kv: 8, 27648, vocabulary: 152_064, context: 32768),
    Shape("Qwen2.5-72B", "qwen2", 80, 8192, heads: 64, kv: 8, 29568, vocabulary: 152_064, context: 32768),
    Shape("Qwen3-4B", "qwen3", 36, 2560, heads: 32, kv: 8, 9728, vocabulary: 151_936, context: 40960, tied),
    Shape("Qwen3-8B", "qwen3", 36, 4096, heads: 32, kv: 8, 12288, vocabulary: 151_936, context: 40960),
    Shape("Qwen3-14B", "qwen3", 40, 5120, heads: 40, kv: 8, 17408, vocabulary: 151_936, context: 40960),
    Shape("Qwen3-32B", "qwen3", 64, 5120, heads: 64, kv: 8, 25600, vocabulary: 151_936, context: 40960, #""head_dim": 128"#),
    Shape(
      "Qwen3-30B-A3B", "qwen3_moe", 48, 2048, heads: 32, kv: 4, 6144, vocabulary: 151_936, context: 40960, experts(128, width: 768)),
    Shape(
      "Qwen3-235B-A22B", "qwen3_moe", 94, 4096, heads: 64, kv: 4, 12288, vocabulary: 151_936, context: 40960, experts(128, width: 1536)),
    Shape(
      "Gemma-2-9B", "gemma2", 42, 3584, heads: 16, kv: 8, 14336, vocabulary: 256_000, context: 8192,
      #""head_dim": 256, "sliding_window": 4096"#),
    Shape(
      "Gemma-2-27B", "gemma2", 46, 4608, heads: 32, kv: 16, 36864, vocabulary: 256_000, context: 8192,
      #""head_dim": 128, "sliding_window": 4096"#),
    // From 4B on the files have 64 more rows of the vocabulary, for pictures; the context of 1B is that of its model card.
    Shape(
      "Gemma-3-1B", "gemma3_text", 26, 1152, heads: 4, kv: 1, 6912, vocabulary: 262_144, context: 32768,
      #""head_dim": 256, "sliding_window": 512"#),
    Shape(
      "Gemma-3-4B", "gemma3_text", 34, 2560, heads: 8, kv: 4, 10240, vocabulary: 262_208, context: 131_072,
      #""head_dim": 256, "sliding_window": 1024"#),
    Shape(
      "Gemma-3-12B", "gemma3_text", 48, 3840, heads: 16, kv: 8, 15360, vocabulary: 262_208, context: 131_072,
      #""head_dim": 256, "sliding_window": 1024"#),
    Shape(
      "Gemma-3-27B", "gemma3_text", 62, 5376, heads: 32, kv: 16, 21504, vocabulary: 262_208, context: 131_072,
      #""head_dim": 128, "sliding_window": 1024"#),
    Shape("Phi-4", "phi3", 40, 5120, heads: 40, kv: 10, 17920, vocabulary: 100_352, context: 16384, #""sliding_window": null"#),
    Shape(
      "Falcon-7B", "falcon", 32, 4544, heads: 71, kv: 1, 18176, vocabulary: 65024, context: 2048,
      #""multi_query": true, "new_decoder_architecture": false, "parallel_attn": true, "bias": false"#),
    Shape(
      "Falcon-40B", "falcon", 60, 8192, heads: 128, kv: 8, 32768, vocabulary: 65024, context: 2048,
      #""new_decoder_architecture": true, "parallel_attn": true, "bias": false"#),
    Shape(
      "Falcon-180B", "falcon", 80, 14848, heads: 232, kv: 8, 59392, vocabulary: 65024, context: 2048,
      #""new_decoder_architecture": true, "parallel_attn": true, "bias": false, "tie_word_embeddings": false"#),
    Shape("SmolLM2-135M", "llama", 30, 576, heads: 9, kv: 3, 1536, vocabulary: 49152, context: 8192, tied),
  ]

  static let flexGen: [Shape] = [("6.7B", 32, 4096, 32), ("13B", 40, 5120, 40), ("30B", 48, 7168, 56), ("66B", 64, 9216, 72), ("175B", 96, 12288, 96)]
    .map { Shape("OPT-\($0)", "opt", $1, $2, heads: $3, 4 * $2, vocabulary: 50272, context: 2048) }

  static let makers: [Shape] = [
    // gpt-oss: sliding window in every other layer, beginning with the first.
    gptOSS("20b", layers: 24, experts: 32), gptOSS("120b", layers: 36, experts: 128),
    // DeepSeek; contexts are those of the files on Hugging Face.
    Shape(
      "DeepSeek-V3", "deepseek_v3", 61, 7168, heads: 128, 18432, vocabulary: 129_280, context: 163_840,
      latent(queryRank: "1536", experts: 256, active: 8, width: 2048, shared: 1, dense: 3) + fp8),
    Shape(
      "DeepSeek-V2-Lite", "deepseek_v2", 27, 2048, heads: 16, 10944, vocabulary: 102_400, context: 163_840,
      latent(queryRank: "null", experts: 64, active: 6, width: 1408, shared: 2, dense: 1)),
    // transformers: the defaults of the file are Scout; Maverick has experts in every other layer.
    Shape(
      "Llama-4-Scout", "llama4_text", 48, 5120, heads: 40, kv: 8, 8192, vocabulary: 202_048, context: 10_485_760,
      llama4(experts: 16, step: 1)),
    Shape(
      "Llama-4-Maverick", "llama4_text", 48, 5120, heads: 40, kv: 8, 8192, vocabulary: 202_048, context: 1_048_576,
      llama4(experts: 128, step: 2)),
    // aiconfigurator.
    Shape(
      "Kimi-K2", "kimi_k2", 61, 7168, heads: 64, 18432, vocabulary: 163_840, context: 131_072,
      latent(queryRank: "1536", experts: 384, active: 8, width: 2048, shared: 1, dense: 1) + fp8),
    // NeMo; it gives the context as 1,024,000, as the file did at first. The model card and the maker's server say 128k.
    Shape("Mistral-Nemo", "mistral", 40, 5120, heads: 32, kv: 8, 14336, vocabulary: 131_072, context: 131_072, #""head_dim": 128"#),
  ]

  private static let fp8 = #", "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}"#

  private static func llama4(experts: Int, step: Int) -> String {
    #""head_dim": 128, "intermediate_size_mlp": 16384, "num_local_experts": \#(experts), "num_experts_per_tok": 1, "interleave_moe_layer_step": \#(step), "attention_chunk_size": 8192, "no_rope_layer_interval": 4, "use_qk_norm": true"#
  }

  private static func gptOSS(_ size: String, layers: Int, experts: Int) -> Shape {
    let types = (0..<layers).map { $0 % 2 == 0 ? #""sliding_attention""# : #""full_attention""# }.joined(separator: ", ")
    return Shape(
      "gpt-oss-\(size)", "gpt_oss", layers, 2880, heads: 64, kv: 8, 2880, vocabulary: 201_088, context: 131_072,
      #""head_dim": 64, "num_local_experts": \#(experts), "num_experts_per_tok": 4, "sliding_window": 128, "attention_bias": true, "quantization_config": {"quant_method": "mxfp4"}, "layer_types": [\#(types)]"#)
  }

  private static func latent(queryRank: String, experts: Int, active: Int, width: Int, shared: Int, dense: Int) -> String {
    #""q_lora_rank": \#(queryRank), "kv_lora_rank": 512, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128, "n_routed_experts": \#(experts), "num_experts_per_tok": \#(active), "moe_intermediate_size": \#(width), "n_shared_experts": \#(shared), "first_k_dense_replace": \#(dense), "moe_layer_freq": 1"#
  }

  @Test("a config.json of the other project's numbers gives the card of the catalogue")
  func shapes() throws {
    for shape in Self.litgpt + Self.flexGen + Self.makers {
      let known = try ModelCatalogue.model(named: shape.name)
      var card = try ModelCard(configJSON: shape.config, name: shape.name)
      card.source = known.source
      #expect(card.parameterCount == known.parameterCount, "\(shape.name): \(card.parameterCount), \(known.parameterCount) in the catalogue")
      #expect(card.layers == known.layers && (0..<card.layers).allSatisfy { card.kind(ofLayer: $0) == known.kind(ofLayer: $0) }, "\(shape.name)")
      // The same pattern can be written in several ways.
      card.window?.layers = known.window?.layers ?? .none
      card.expertLayers = known.expertLayers
      if card.experts != nil && known.expertLayerCount == known.layers { card.intermediate = known.intermediate }
      #expect(card == known, "\(shape.name)")
    }
  }

  @Test("every card says whether a second source has its shape, and those that do are tested here")
  func sources() {
    let tested = (Self.litgpt + Self.flexGen + Self.makers).map(\.name)
    for card in ModelCatalogue.all {
      let says = card.source.contains("; shape as in ")
      #expect(says == tested.contains(card.name), "\(card.name): \(card.source)")
      #expect(says || card.source.contains("no second source"), "\(card.name): \(card.source)")
    }
  }
}
