import Hardware
import Testing

@Suite("Models")
struct ModelCardTests {
  /// Totals of the checkpoints, or where there is none of the paper; Gemma 3 without the part that sees pictures,
  /// Llama 4 with it (0.9 B, which the cards leave out).
  static let published: [(name: String, parameters: Int)] = [
    ("LLaMA-13B", 13_015_864_320), ("LLaMA-33B", 32_528_943_616), ("Llama-2-7B", 6_738_415_616),
    ("Llama-2-13B", 13_015_864_320), ("Llama-2-70B", 68_976_648_192), ("CodeLlama-13B", 13_016_028_160), ("CodeLlama-34B", 33_743_970_304),
    ("Llama-3-8B", 8_030_261_248), ("Llama-3.1-8B", 8_030_261_248), ("Llama-3.1-70B", 70_553_706_496),
    ("Llama-3.1-405B", 405_853_388_800), ("Llama-3.2-1B", 1_235_814_400), ("Llama-3.2-3B", 3_212_749_824),
    ("Llama-3.3-70B", 70_553_706_496), ("Llama-4-Scout", 108_641_793_536), ("Llama-4-Maverick", 401_583_781_376), ("Mistral-7B", 7_248_023_552), ("Mistral-7B-v0.1", 7_241_732_096),
    ("Mistral-Nemo", 12_247_782_400), ("Mistral-Small-24B", 23_572_403_200), ("Mixtral-8x7B", 46_702_792_704),
    ("Mixtral-8x22B", 140_630_071_296), ("Qwen2.5-7B", 7_615_616_512), ("Qwen2.5-14B", 14_770_033_664),
    ("Qwen2.5-32B", 32_763_876_352), ("Qwen2.5-72B", 72_706_203_648), ("Qwen3-4B", 4_022_468_096),
    ("Qwen3-8B", 8_190_735_360), ("Qwen3-14B", 14_768_307_200), ("Qwen3-32B", 32_762_123_264),
    ("Qwen3-30B-A3B", 30_532_122_624), ("Qwen3-235B-A22B", 235_093_634_560), ("Gemma-2-9B", 9_241_705_984),
    ("Gemma-2-27B", 27_227_128_320), ("Gemma-3-1B", 999_885_952), ("Gemma-3-4B", 3_884_000_000),
    ("Gemma-3-12B", 11_771_000_000), ("Gemma-3-27B", 27_016_000_000), ("Phi-3-medium-4k", 13_960_238_080),
    ("Phi-4", 14_659_507_200), ("gpt-oss-20b", 20_914_757_184), ("gpt-oss-120b", 116_829_156_672),
    ("DeepSeek-V2-Lite", 15_706_484_224), ("DeepSeek-V3", 671_026_419_200), ("Kimi-K2", 1_026_000_000_000),
    ("Falcon-7B", 6_921_720_704), ("Falcon-40B", 41_303_293_952), ("Falcon-180B", 179_522_565_120),
    ("OPT-6.7B", 6_658_473_984), ("OPT-13B", 12_853_473_280), ("OPT-30B", 29_974_540_288), ("OPT-66B", 65_717_000_000),
    ("OPT-175B", 174_600_000_000), ("GPT-3-175B", 174_600_000_000), ("SmolLM2-135M", 134_515_008),
  ]

  @Test("the shape gives the published number of parameters within 1 %")
  func parameters() throws {
    #expect(Self.published.map(\.name).sorted() == ModelCatalogue.all.map(\.name).sorted())
    for (name, published) in Self.published {
      let count = try ModelCatalogue.model(named: name).parameterCount
      let error = 100 * (Double(count) / Double(published) - 1)
      if count != published { print("\(name): \(count) parameters, published \(published), \((error * 1000).rounded() / 1000) %") }
      #expect(abs(error) <= 1, "\(name): \(count)")
    }
  }

  @Test("a token of a sparse model meets the published number of active parameters within 3 %", arguments: [
    ("Mixtral-8x7B", 12.9e9), ("Mixtral-8x22B", 39.1e9), ("DeepSeek-V3", 37e9), ("Kimi-K2", 32e9), ("Qwen3-235B-A22B", 22e9),
    ("gpt-oss-120b", 5.13e9), ("Llama-4-Scout", 17.2e9), ("Llama-4-Maverick", 17.2e9),
  ])
  func activeParameters(name: String, published: Double) throws {
    let card = try ModelCatalogue.model(named: name)
    // OpenAI leaves the embedding out of its count, the others do not.
    let count = Double(card.activeParameterCount) - (name.hasPrefix("gpt") ? Double(card.hidden * card.vocabulary) : 0)
    #expect(abs(count / published - 1) < 0.03, "\(count)")
  }

  @Test("a layer keeps a latent vector a token on every rank, however many share it")
  func latentBytes() throws {
    for name in ["deepseek-v3", "kimi-k2"] {
      let card = try ModelCatalogue.model(named: name)
      #expect(card.kvBytesPerLayer() == 1152)
      #expect(card.kvBytesPerToken(ranks: 8) == 61 * 1152)
    }
  }

  @Test("which layers are windowed, and which have experts")
  func patterns() throws {
    func picture(_ name: String) throws -> String {
      let card = try ModelCatalogue.model(named: name)
      return String((0..<12).map { layer -> Character in
        let kind = card.kind(ofLayer: layer)
        return kind.isWindowed ? (kind.hasExperts ? "W" : "w") : (kind.hasExperts ? "X" : "·")
      })
    }
    #expect(try picture("gemma-2-9b") == "w·w·w·w·w·w·")
    #expect(try picture("gemma-3-12b") == "wwwww·wwwww·")
    #expect(try picture("gpt-oss-20b") == "WXWXWXWXWXWX")
    #expect(try picture("deepseek-v3") == "···XXXXXXXXX")
    #expect(try picture("mistral-7b-v0.1") == "wwwwwwwwwwww")
    #expect(try picture("llama-3.1-8b") == "············")
  }

  @Test("windowed layers keep their window only")
  func windowedBytes() throws {
    let card = try ModelCatalogue.model(named: "gemma-3-12b")
    #expect(card.windowedLayerCount == 40)
    #expect(card.kvBytes(context: 1000) == 1000 * card.kvBytesPerToken())
    #expect(card.kvBytes(context: 32768) == card.kvBytesPerLayer() * (8 * 32768 + 40 * 1024))
  }

  @Test("every model of the catalogue is found by its name in lower case")
  func names() throws {
    for card in ModelCatalogue.all {
      #expect(try ModelCatalogue.model(named: card.name.lowercased()) == card)
      #expect(card.canSplit(ranks: 1))
    }
    #expect(try ModelCatalogue.model(named: "meta-llama/Llama-3.1-8B-Instruct").name == "Llama-3.1-8B")
    let error = #expect(throws: UnknownName.self) { try ModelCatalogue.model(named: "llama-3.1-8") }
    #expect(error?.nearest.first == "Llama-3.1-8B")
  }

  @Test("a token of Llama-3.1-8B takes 131,072 bytes of KV memory, an eighth of that on eight ranks and on sixteen")
  func kvBytes() throws {
    let card = try ModelCatalogue.model(named: "llama-3.1-8b")
    #expect(card.kvBytesPerToken() == 131_072)
    #expect(card.kvBytesPerToken(ranks: 8) == 16_384)
    #expect(card.kvBytesPerToken(ranks: 16) == 16_384)
  }

  @Test("ranks share the weights, and hold a little more together than one alone")
  func weights() throws {
    let card = try ModelCatalogue.model(named: "llama-3.1-70b")
    #expect(card.weightBytes() == 2 * card.parameterCount)
    let four = card.weightBytes(ranks: 4)
    #expect(four * 4 >= card.weightBytes() && four * 4 < card.weightBytes() + card.weightBytes() / 1000)
    var narrow = card
    narrow.weightFormat = .fp8
    #expect(narrow.weightBytes() < card.weightBytes() * 53 / 100)
  }

  @Test("a token costs about two operations for each weight it meets")
  func operations() throws {
    let dense = try ModelCatalogue.model(named: "llama-3.1-8b")
    let ratio = dense.operationsPerToken(context: 1) / Double(2 * dense.parameterCount)
    #expect(ratio > 0.9 && ratio < 1)
    // 3.3 of 30.5 billion parameters are active.
    let sparse = try ModelCatalogue.model(named: "qwen3-30b-a3b")
    let active = sparse.operationsPerToken(context: 1) / 2
    #expect(active > 2.9e9 && active < 3.4e9)
  }

  @Test("contexts are those of the published configurations")
  func contexts() {
    let contexts = Dictionary(uniqueKeysWithValues: ModelCatalogue.all.map { ($0.name, $0.contextLength) })
    #expect(contexts["Llama-2-70B"] == 4096)
    #expect(contexts["Llama-3.1-8B"] == 131_072)
    #expect(contexts["Mistral-7B"] == 32768)
    #expect(contexts["Qwen3-32B"] == 40960)
    #expect(contexts["SmolLM2-135M"] == 8192)
  }
}
