/// Models the bench knows by name: the numbers of their published `config.json`.
public enum ModelCatalogue {
  /// By name in any case and punctuation: `llama-3.1-8b`, `Qwen3 32B`.
  public static func model(named name: String) throws(UnknownName) -> ModelCard {
    // A publisher's prefix and the suffix of instruction-tuned twins change no number.
    let wanted = folded(name.split(separator: "/").last.map(String.init) ?? name)
    for card in all where folded(card.name) == wanted || folded(card.name) + "instruct" == wanted {
      return card
    }
    throw UnknownName(name, subject: "model", entries: all.map { (shown: $0.name, spellings: [$0.name]) })
  }

  public static let all: [ModelCard] = [
    ModelCard(
      name: "Llama-2-7B", layers: 32, hidden: 4096, heads: 32, kvHeads: 32, headDimension: 128, intermediate: 11008,
      vocabulary: 32000, contextLength: 4096, source: "meta-llama/Llama-2-7b-hf config.json"),
    ModelCard(
      name: "Llama-2-13B", layers: 40, hidden: 5120, heads: 40, kvHeads: 40, headDimension: 128, intermediate: 13824,
      vocabulary: 32000, contextLength: 4096, source: "meta-llama/Llama-2-13b-hf config.json"),
    ModelCard(
      name: "Llama-2-70B", layers: 80, hidden: 8192, heads: 64, kvHeads: 8, headDimension: 128, intermediate: 28672,
      vocabulary: 32000, contextLength: 4096, source: "meta-llama/Llama-2-70b-hf config.json"),
    ModelCard(
      name: "Llama-3.1-8B", layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 14336,
      vocabulary: 128_256, contextLength: 131_072, source: "meta-llama/Llama-3.1-8B config.json"),
    ModelCard(
      name: "Llama-3.1-70B", layers: 80, hidden: 8192, heads: 64, kvHeads: 8, headDimension: 128, intermediate: 28672,
      vocabulary: 128_256, contextLength: 131_072, source: "meta-llama/Llama-3.1-70B config.json"),
    ModelCard(
      name: "Mistral-7B", layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 14336,
      vocabulary: 32768, contextLength: 32768, source: "mistralai/Mistral-7B-v0.3 config.json"),
    ModelCard(
      name: "Mixtral-8x7B", layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 14336,
      vocabulary: 32000, contextLength: 32768, experts: .init(count: 8, active: 2, intermediate: 14336),
      source: "mistralai/Mixtral-8x7B-v0.1 config.json"),
    ModelCard(
      name: "Qwen2.5-32B", layers: 64, hidden: 5120, heads: 40, kvHeads: 8, headDimension: 128, intermediate: 27648,
      vocabulary: 152_064, contextLength: 32768, attentionBias: true, source: "Qwen/Qwen2.5-32B-Instruct config.json"),
    ModelCard(
      name: "Qwen3-8B", layers: 36, hidden: 4096, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 12288,
      vocabulary: 151_936, contextLength: 40960, queryKeyNorm: true, source: "Qwen/Qwen3-8B config.json"),
    ModelCard(
      name: "Qwen3-32B", layers: 64, hidden: 5120, heads: 64, kvHeads: 8, headDimension: 128, intermediate: 25600,
      vocabulary: 151_936, contextLength: 40960, queryKeyNorm: true, source: "Qwen/Qwen3-32B config.json"),
    ModelCard(
      name: "Qwen3-30B-A3B", layers: 48, hidden: 2048, heads: 32, kvHeads: 4, headDimension: 128, intermediate: 6144,
      vocabulary: 151_936, contextLength: 40960, queryKeyNorm: true,
      experts: .init(count: 128, active: 8, intermediate: 768), source: "Qwen/Qwen3-30B-A3B config.json"),
    ModelCard(
      name: "SmolLM2-135M", layers: 30, hidden: 576, heads: 9, kvHeads: 3, headDimension: 64, intermediate: 1536,
      vocabulary: 49152, contextLength: 8192, tiedEmbeddings: true, source: "HuggingFaceTB/SmolLM2-135M config.json"),
  ]
}
