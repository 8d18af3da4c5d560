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
      ("\"llama\"", "\"gpt2\"", "model_type"), ("4096,", "\"wide\",", "hidden_size"),
      ("\"vocab_size\": 128256", "\"vocab_size\": -1", "vocab_size"),
      ("\"tie_word_embeddings\": false", "\"sliding_window\": 4096", "sliding_window"),
      ("\"tie_word_embeddings\": false", "\"quantization_config\": {\"quant_method\": \"awq\"}", "awq"),
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
}
