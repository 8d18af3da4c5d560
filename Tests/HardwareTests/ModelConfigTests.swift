import Hardware
import Testing

@Suite("Models from config.json")
struct ModelConfigTests {
  private let llama = """
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
     "max_position_embeddings": 131072, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
     "tie_word_embeddings": false, "torch_dtype": "bfloat16", "vocab_size": 128256}
    """

  @Test("a Llama configuration gives the card of the catalogue")
  func dense() throws {
    var card = try ModelCard(configJSON: llama, name: "Llama-3.1-8B")
    let known = try ModelCatalogue.model(named: "Llama-3.1-8B")
    card.source = known.source
    #expect(card == known)
  }

  @Test("experts are read from the fields of both families")
  func experts() throws {
    let qwen = try ModelCard(
      configJSON: """
        {"model_type": "qwen3_moe", "head_dim": 128, "hidden_size": 2048, "intermediate_size": 6144, "decoder_sparse_step": 1,
         "max_position_embeddings": 40960, "moe_intermediate_size": 768, "num_attention_heads": 32, "num_experts": 128,
         "num_experts_per_tok": 8, "num_hidden_layers": 48, "num_key_value_heads": 4, "sliding_window": null,
         "tie_word_embeddings": false, "use_sliding_window": false, "vocab_size": 151936}
        """, name: "x")
    #expect(qwen.parameterCount == 30_532_122_624)
    let mixtral = try ModelCard(
      configJSON: """
        {"model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336, "max_position_embeddings": 32768,
         "num_attention_heads": 32, "num_experts_per_tok": 2, "num_hidden_layers": 32, "num_key_value_heads": 8,
         "num_local_experts": 8, "sliding_window": null, "vocab_size": 32000}
        """, name: "x")
    #expect(mixtral.parameterCount == 46_702_792_704)
  }

  @Test(
    "a missing field is named in one line",
    arguments: ["hidden_size", "num_hidden_layers", "vocab_size", "max_position_embeddings", "intermediate_size", "model_type"])
  func missing(field: String) {
    let text = llama.replacing("\"\(field)\"", with: "\"was_\(field)\"")
    let error = #expect(throws: ModelConfigError.self) { try ModelCard(configJSON: text, name: "tiny") }
    #expect(error?.description == "tiny: config.json has no \(field) — add it")
  }

  @Test("documented defaults stand in for absent heads, and nothing else does")
  func defaults() throws {
    let card = try ModelCard(configJSON: llama.replacing("\"num_key_value_heads\": 8,", with: ""), name: "x")
    #expect(card.kvHeads == 32 && card.headDimension == 128 && !card.tiedEmbeddings)
  }

  @Test("what is not modelled is refused with a way out")
  func refused() {
    for (old, new, word) in [
      ("\"llama\"", "\"mamba\"", "model_type"), ("4096,", "\"wide\",", "hidden_size"),
      ("\"vocab_size\": 128256", "\"vocab_size\": -1", "vocab_size"),
      ("\"tie_word_embeddings\": false", "\"quantization_config\": {\"quant_method\": \"aqlm\"}", "aqlm"),
      ("\"tie_word_embeddings\": false", "\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 3}", "bits"),
      ("\"tie_word_embeddings\": false", "\"quantization_config\": {\"quant_method\": \"mxfp4\"}", "mxfp4"),
      ("\"tie_word_embeddings\": false", "\"sliding_window\": 64, \"layer_types\": [\"linear_attention\"]", "linear_attention"),
    ] {
      let error = #expect(throws: ModelConfigError.self) {
        try ModelCard(configJSON: llama.replacing(old, with: new), name: "x")
      }
      #expect(error?.description.contains(word) == true)
      #expect(error?.description.contains("\n") == false)
    }
    #expect(throws: ModelConfigError.self) { try ModelCard(configJSON: "[]", name: "x") }
    #expect(throws: ModelConfigError.self) { try ModelCard(configJSON: "{", name: "x") }
  }

  @Test("an fp8 checkpoint keeps 8-bit weights")
  func quantised() throws {
    let text = llama.replacing("\"torch_dtype\"", with: "\"quantization_config\": {\"quant_method\": \"fp8\"}, \"torch_dtype\"")
    #expect(try ModelCard(configJSON: text, name: "x").weightFormat == .fp8)
  }

  /// Each file holds the fields its family has and no more.
  static let files: [(card: String, config: String)] = [
    (
      "DeepSeek-V3",
      """
      {"model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048,
       "num_hidden_layers": 61, "num_attention_heads": 128, "num_key_value_heads": 128, "n_shared_experts": 1,
       "n_routed_experts": 256, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_rope_head_dim": 64, "v_head_dim": 128,
       "qk_nope_head_dim": 128, "num_experts_per_tok": 8, "moe_layer_freq": 1, "first_k_dense_replace": 3,
       "max_position_embeddings": 163840, "vocab_size": 129280, "tie_word_embeddings": false,
       "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}}
      """
    ),
    (
      "DeepSeek-V2-Lite",
      """
      {"model_type": "deepseek_v2", "hidden_size": 2048, "intermediate_size": 10944, "moe_intermediate_size": 1408,
       "num_hidden_layers": 27, "num_attention_heads": 16, "n_shared_experts": 2, "n_routed_experts": 64,
       "kv_lora_rank": 512, "q_lora_rank": null, "qk_rope_head_dim": 64, "v_head_dim": 128, "qk_nope_head_dim": 128,
       "num_experts_per_tok": 6, "first_k_dense_replace": 1, "max_position_embeddings": 163840, "vocab_size": 102400}
      """
    ),
    (
      "gpt-oss-20b",
      """
      {"model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 24, "head_dim": 64,
       "num_attention_heads": 64, "num_key_value_heads": 8, "num_local_experts": 32, "num_experts_per_tok": 4,
       "max_position_embeddings": 131072, "vocab_size": 201088, "sliding_window": 128, "attention_bias": true,
       "quantization_config": {"quant_method": "mxfp4"}, "layer_types": [\(repeated(12, "sliding_attention", "full_attention"))]}
      """
    ),
    (
      "Gemma-2-9B",
      """
      {"model_type": "gemma2", "hidden_size": 3584, "intermediate_size": 14336, "num_hidden_layers": 42, "head_dim": 256,
       "num_attention_heads": 16, "num_key_value_heads": 8, "max_position_embeddings": 8192, "vocab_size": 256000,
       "sliding_window": 4096}
      """
    ),
    (
      "Gemma-3-4B",
      """
      {"model_type": "gemma3", "vision_config": {"hidden_size": 1152}, "text_config": {"model_type": "gemma3_text",
       "hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34, "sliding_window": 1024}}
      """
    ),
    (
      "Mistral-7B-v0.1",
      """
      {"model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
       "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 32768, "sliding_window": 4096,
       "vocab_size": 32000}
      """
    ),
    (
      "Falcon-180B",
      """
      {"model_type": "falcon", "hidden_size": 14848, "num_hidden_layers": 80, "num_attention_heads": 232,
       "num_kv_heads": 8, "new_decoder_architecture": true, "parallel_attn": true, "bias": false, "vocab_size": 65024,
       "tie_word_embeddings": false}
      """
    ),
    (
      "Falcon-7B",
      """
      {"model_type": "falcon", "hidden_size": 4544, "n_layer": 32, "n_head": 71, "multi_query": true,
       "new_decoder_architecture": false, "parallel_attn": true, "bias": false, "vocab_size": 65024}
      """
    ),
    (
      "OPT-30B",
      """
      {"model_type": "opt", "hidden_size": 7168, "ffn_dim": 28672, "num_hidden_layers": 48, "num_attention_heads": 56,
       "word_embed_proj_dim": 7168, "max_position_embeddings": 2048, "vocab_size": 50272}
      """
    ),
    (
      "Qwen2.5-7B",
      """
      {"model_type": "qwen2", "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
       "num_attention_heads": 28, "num_key_value_heads": 4, "max_position_embeddings": 32768, "max_window_layers": 28,
       "sliding_window": 131072, "use_sliding_window": false, "tie_word_embeddings": false, "vocab_size": 152064}
      """
    ),
  ]

  private static func repeated(_ count: Int, _ types: String...) -> String {
    (0..<count).flatMap { _ in types }.map { "\"\($0)\"" }.joined(separator: ", ")
  }

  @Test("the file of each family gives the card of the catalogue")
  func families() throws {
    for (name, config) in Self.files {
      let known = try ModelCatalogue.model(named: name)
      var card = try ModelCard(configJSON: config, name: name)
      card.source = known.source
      #expect(card.parameterCount == known.parameterCount, "\(name)")
      #expect((0..<known.layers).allSatisfy { card.kind(ofLayer: $0) == known.kind(ofLayer: $0) }, "\(name)")
      // The same pattern can be written in several ways.
      card.window?.layers = known.window?.layers ?? .none
      card.expertLayers = known.expertLayers
      if card.experts != nil && known.expertLayerCount == known.layers { card.intermediate = known.intermediate }
      #expect(card == known, "\(name)")
    }
  }

  @Test("a field that a family cannot do without is named", arguments: [
    ("DeepSeek-V3", "kv_lora_rank"), ("DeepSeek-V3", "v_head_dim"), ("DeepSeek-V3", "n_routed_experts"),
    ("DeepSeek-V3", "moe_intermediate_size"), ("gpt-oss-20b", "layer_types"), ("gpt-oss-20b", "sliding_window"),
    ("gpt-oss-20b", "num_local_experts"), ("Gemma-2-9B", "sliding_window"), ("Falcon-180B", "num_kv_heads"),
    ("OPT-30B", "ffn_dim"), ("Qwen2.5-7B", "vocab_size"),
  ])
  func missingInFamily(name: String, field: String) throws {
    let config = try #require(Self.files.first { $0.card == name }).config.replacing("\"\(field)\"", with: "\"no\"")
    let error = #expect(throws: ModelConfigError.self) { try ModelCard(configJSON: config, name: "x") }
    #expect(error?.description == "x: config.json has no \(field) — add it")
  }

  @Test("weights are as narrow as the file says", arguments: [
    ("{\"quant_method\": \"awq\", \"bits\": 4}", NumberFormat.int4), ("{\"quant_method\": \"gptq\", \"bits\": 4}", .int4),
    ("{\"quant_method\": \"modelopt\", \"quant_algo\": \"NVFP4\"}", .fp4),
    ("{\"quant_method\": \"compressed-tensors\", \"config_groups\": {\"group_0\": {\"weights\": {\"num_bits\": 8, \"type\": \"float\"}}}}", .fp8),
  ])
  func narrow(config: String, format: NumberFormat) throws {
    let text = llama.replacing("\"torch_dtype\"", with: "\"quantization_config\": \(config), \"torch_dtype\"")
    #expect(try ModelCard(configJSON: text, name: "x").weightFormat == format)
  }
}
