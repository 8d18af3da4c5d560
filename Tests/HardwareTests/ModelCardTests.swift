import Hardware
import Testing

@Suite("Models")
struct ModelCardTests {
  @Test(
    "the shape gives the published number of parameters",
    arguments: [
      ("Llama-2-7B", 6_738_415_616), ("Llama-2-13B", 13_015_864_320), ("Llama-2-70B", 68_976_648_192),
      ("Llama-3.1-8B", 8_030_261_248), ("Llama-3.1-70B", 70_553_706_496), ("Mistral-7B", 7_248_023_552),
      ("Mixtral-8x7B", 46_702_792_704), ("Qwen2.5-32B", 32_763_876_352), ("Qwen3-8B", 8_190_735_360),
      ("Qwen3-32B", 32_762_123_264), ("Qwen3-30B-A3B", 30_532_122_624), ("SmolLM2-135M", 134_515_008),
    ])
  func parameters(name: String, published: Int) throws {
    #expect(try ModelCatalogue.model(named: name).parameterCount == published)
  }

  @Test("every model of the catalogue is found by its name in lower case")
  func names() throws {
    for card in ModelCatalogue.all {
      #expect(try ModelCatalogue.model(named: card.name.lowercased()) == card)
      #expect(card.canSplit(ranks: 1))
    }
    #expect(try ModelCatalogue.model(named: "meta-llama/Llama-3.1-8B-Instruct").name == "Llama-3.1-8B")
    let error = #expect(throws: UnknownName.self) { try ModelCatalogue.model(named: "llama-3-8b") }
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
