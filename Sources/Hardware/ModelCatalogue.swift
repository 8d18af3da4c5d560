/// Models the bench knows by name: the numbers of their published `config.json`.
///
/// Where a file leaves a field to the library's documented default, the card holds that default. GPT-3 has
/// no such file; its numbers are those of the paper. The parameters that follow from each card are checked
/// against the published totals.
public enum ModelCatalogue {
  /// By name in any case and punctuation: `llama-3.1-8b`, `Qwen3 32B`.
  public static func model(named name: String) throws(UnknownName) -> ModelCard {
    // A publisher's prefix and the suffixes of twins trained on and of file formats change no number.
    var wanted = folded(name.split(separator: "/").last.map(String.init) ?? name)
    if let card = all.first(where: { folded($0.name) == wanted }) { return card }
    for suffix in ["hf", "instruct", "it", "base", "chat", "pt"] where wanted.hasSuffix(suffix) {
      wanted.removeLast(suffix.count)
      if let card = all.first(where: { folded($0.name) == wanted }) { return card }
    }
    throw UnknownName(name, subject: "model", entries: all.map { (shown: $0.name, spellings: [$0.name]) })
  }

  public static let all: [ModelCard] = (llama + llama4 + mistral + qwen + gemma + phi + openAI + deepSeek + older + small).map { card in
    card.with { $0.source += "; " + secondSource(of: card.name) }
  }

  /// Where another project writes the same shape down; the tests hold those numbers.
  private static func secondSource(of name: String) -> String {
    switch name {
    case "Phi-3-medium-4k", "GPT-3-175B": "no second source found"
    case "Mistral-Nemo": "shape as in NVIDIA/NeMo mistral.py"
    case _ where name.hasPrefix("Llama-4"): "shape as in huggingface/transformers configuration_llama4.py"
    case "Kimi-K2": "shape as in ai-dynamo/aiconfigurator model_configs"
    case _ where name.hasPrefix("OPT"): "shape as in FlexGen opt_config.py"
    case _ where name.hasPrefix("gpt-oss"): "shape as in openai/gpt-oss model.py"
    case _ where name.hasPrefix("DeepSeek"): "shape as in deepseek-ai/DeepSeek-V3 inference/configs"
    default: "shape as in Lightning-AI/litgpt config.py"
    }
  }

  private static let llama: [ModelCard] = [
    ModelCard(
      name: "LLaMA-13B", layers: 40, hidden: 5120, heads: 40, kvHeads: 40, headDimension: 128, intermediate: 13824,
      vocabulary: 32000, contextLength: 2048, source: "huggyllama/llama-13b config.json"),
    ModelCard(
      name: "LLaMA-33B", layers: 60, hidden: 6656, heads: 52, kvHeads: 52, headDimension: 128, intermediate: 17920,
      vocabulary: 32000, contextLength: 2048, source: "huggyllama/llama-30b config.json"),
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
      name: "CodeLlama-13B", layers: 40, hidden: 5120, heads: 40, kvHeads: 40, headDimension: 128, intermediate: 13824,
      vocabulary: 32016, contextLength: 16384, source: "codellama/CodeLlama-13b-hf config.json"),
    ModelCard(
      name: "CodeLlama-34B", layers: 48, hidden: 8192, heads: 64, kvHeads: 8, headDimension: 128, intermediate: 22016,
      vocabulary: 32000, contextLength: 16384, source: "codellama/CodeLlama-34b-Instruct-hf config.json"),
    ModelCard(
      name: "Llama-3-8B", layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 14336,
      vocabulary: 128_256, contextLength: 8192, source: "meta-llama/Meta-Llama-3-8B config.json"),
    ModelCard(
      name: "Llama-3.1-8B", layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 14336,
      vocabulary: 128_256, contextLength: 131_072, source: "meta-llama/Llama-3.1-8B config.json"),
    ModelCard(
      name: "Llama-3.1-70B", layers: 80, hidden: 8192, heads: 64, kvHeads: 8, headDimension: 128, intermediate: 28672,
      vocabulary: 128_256, contextLength: 131_072, source: "meta-llama/Llama-3.1-70B config.json"),
    ModelCard(
      name: "Llama-3.1-405B", layers: 126, hidden: 16384, heads: 128, kvHeads: 8, headDimension: 128, intermediate: 53248,
      vocabulary: 128_256, contextLength: 131_072, source: "meta-llama/Llama-3.1-405B config.json"),
    ModelCard(
      name: "Llama-3.2-1B", layers: 16, hidden: 2048, heads: 32, kvHeads: 8, headDimension: 64, intermediate: 8192,
      vocabulary: 128_256, contextLength: 131_072, tiedEmbeddings: true, source: "meta-llama/Llama-3.2-1B config.json"),
    ModelCard(
      name: "Llama-3.2-3B", layers: 28, hidden: 3072, heads: 24, kvHeads: 8, headDimension: 128, intermediate: 8192,
      vocabulary: 128_256, contextLength: 131_072, tiedEmbeddings: true, source: "meta-llama/Llama-3.2-3B config.json"),
    ModelCard(
      name: "Llama-3.3-70B", layers: 80, hidden: 8192, heads: 64, kvHeads: 8, headDimension: 128, intermediate: 28672,
      vocabulary: 128_256, contextLength: 131_072, source: "meta-llama/Llama-3.3-70B-Instruct config.json"),
  ]

  /// The text part. Three layers of four see chunks of 8,192 tokens, which is taken as a window of that size.
  private static let llama4: [ModelCard] = [("Scout", 16, 10_485_760, 1), ("Maverick", 128, 1_048_576, 2)].map { name, experts, context, step in
    ModelCard(
      name: "Llama-4-\(name)", layers: 48, hidden: 5120, heads: 40, kvHeads: 8, headDimension: 128, intermediate: 16384,
      vocabulary: 202_048, contextLength: context,
      experts: .init(count: experts, active: 1, intermediate: 8192, sharedIntermediate: 8192),
      source: "meta-llama/Llama-4-\(name)-17B-\(experts)E config.json"
    ).with {
      $0.expertLayers = LayerPattern(cycle: (1...step).map { $0 % step == 0 })
      $0.window = .init(tokens: 8192, layers: LayerPattern(cycle: [true, true, true, false]))
    }
  }

  private static let mistral: [ModelCard] = [
    ModelCard(
      name: "Mistral-7B", layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 14336,
      vocabulary: 32768, contextLength: 32768, source: "mistralai/Mistral-7B-v0.3 config.json"),
    ModelCard(
      name: "Mistral-7B-v0.1", layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 14336,
      vocabulary: 32000, contextLength: 32768, source: "mistralai/Mistral-7B-v0.1 config.json"
    ).with { $0.window = .init(tokens: 4096) },
    ModelCard(
      name: "Mistral-Nemo", layers: 40, hidden: 5120, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 14336,
      vocabulary: 131_072, contextLength: 131_072, source: "mistralai/Mistral-Nemo-Instruct-2407 config.json"),
    ModelCard(
      name: "Mistral-Small-24B", layers: 40, hidden: 5120, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 32768,
      vocabulary: 131_072, contextLength: 32768, source: "mistralai/Mistral-Small-24B-Instruct-2501 config.json"),
    ModelCard(
      name: "Mixtral-8x7B", layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 14336,
      vocabulary: 32000, contextLength: 32768, experts: .init(count: 8, active: 2, intermediate: 14336),
      source: "mistralai/Mixtral-8x7B-v0.1 config.json"),
    ModelCard(
      name: "Mixtral-8x22B", layers: 56, hidden: 6144, heads: 48, kvHeads: 8, headDimension: 128, intermediate: 16384,
      vocabulary: 32768, contextLength: 65536, experts: .init(count: 8, active: 2, intermediate: 16384),
      source: "mistralai/Mixtral-8x22B-Instruct-v0.1 config.json"),
  ]

  private static let qwen: [ModelCard] = [
    ModelCard(
      name: "Qwen2.5-7B", layers: 28, hidden: 3584, heads: 28, kvHeads: 4, headDimension: 128, intermediate: 18944,
      vocabulary: 152_064, contextLength: 32768, biases: .queryKeyValue, source: "Qwen/Qwen2.5-7B-Instruct config.json"),
    ModelCard(
      name: "Qwen2.5-14B", layers: 48, hidden: 5120, heads: 40, kvHeads: 8, headDimension: 128, intermediate: 13824,
      vocabulary: 152_064, contextLength: 32768, biases: .queryKeyValue, source: "Qwen/Qwen2.5-14B-Instruct config.json"),
    ModelCard(
      name: "Qwen2.5-32B", layers: 64, hidden: 5120, heads: 40, kvHeads: 8, headDimension: 128, intermediate: 27648,
      vocabulary: 152_064, contextLength: 32768, biases: .queryKeyValue, source: "Qwen/Qwen2.5-32B-Instruct config.json"),
    ModelCard(
      name: "Qwen2.5-72B", layers: 80, hidden: 8192, heads: 64, kvHeads: 8, headDimension: 128, intermediate: 29568,
      vocabulary: 152_064, contextLength: 32768, biases: .queryKeyValue, source: "Qwen/Qwen2.5-72B-Instruct config.json"),
    ModelCard(
      name: "Qwen3-4B", layers: 36, hidden: 2560, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 9728,
      vocabulary: 151_936, contextLength: 40960, tiedEmbeddings: true, queryKeyNorm: true,
      source: "Qwen/Qwen3-4B config.json"),
    ModelCard(
      name: "Qwen3-8B", layers: 36, hidden: 4096, heads: 32, kvHeads: 8, headDimension: 128, intermediate: 12288,
      vocabulary: 151_936, contextLength: 40960, queryKeyNorm: true, source: "Qwen/Qwen3-8B config.json"),
    ModelCard(
      name: "Qwen3-14B", layers: 40, hidden: 5120, heads: 40, kvHeads: 8, headDimension: 128, intermediate: 17408,
      vocabulary: 151_936, contextLength: 40960, queryKeyNorm: true, source: "Qwen/Qwen3-14B config.json"),
    ModelCard(
      name: "Qwen3-32B", layers: 64, hidden: 5120, heads: 64, kvHeads: 8, headDimension: 128, intermediate: 25600,
      vocabulary: 151_936, contextLength: 40960, queryKeyNorm: true, source: "Qwen/Qwen3-32B config.json"),
    ModelCard(
      name: "Qwen3-30B-A3B", layers: 48, hidden: 2048, heads: 32, kvHeads: 4, headDimension: 128, intermediate: 6144,
      vocabulary: 151_936, contextLength: 40960, queryKeyNorm: true,
      experts: .init(count: 128, active: 8, intermediate: 768), source: "Qwen/Qwen3-30B-A3B config.json"),
    ModelCard(
      name: "Qwen3-235B-A22B", layers: 94, hidden: 4096, heads: 64, kvHeads: 4, headDimension: 128, intermediate: 12288,
      vocabulary: 151_936, contextLength: 40960, queryKeyNorm: true,
      experts: .init(count: 128, active: 8, intermediate: 1536), source: "Qwen/Qwen3-235B-A22B config.json"),
  ]

  /// The text part: Gemma 3 from 4B on also has a part that sees pictures, of 0.4 B parameters.
  private static let gemma: [ModelCard] = [
    ModelCard(
      name: "Gemma-2-9B", layers: 42, hidden: 3584, heads: 16, kvHeads: 8, headDimension: 256, intermediate: 14336,
      vocabulary: 256_000, contextLength: 8192, tiedEmbeddings: true, source: "google/gemma-2-9b config.json"
    ).with {
      $0.normsPerLayer = 4
      $0.window = .init(tokens: 4096, layers: alternating)
    },
    ModelCard(
      name: "Gemma-2-27B", layers: 46, hidden: 4608, heads: 32, kvHeads: 16, headDimension: 128, intermediate: 36864,
      vocabulary: 256_000, contextLength: 8192, tiedEmbeddings: true, source: "google/gemma-2-27b config.json"
    ).with {
      $0.normsPerLayer = 4
      $0.window = .init(tokens: 4096, layers: alternating)
    },
    gemma3(
      "1B", layers: 26, hidden: 1152, heads: 4, kvHeads: 1, headDimension: 256, intermediate: 6912, vocabulary: 262_144,
      contextLength: 32768, window: 512),
    gemma3(
      "4B", layers: 34, hidden: 2560, heads: 8, kvHeads: 4, headDimension: 256, intermediate: 10240, vocabulary: 262_208,
      contextLength: 131_072, window: 1024),
    gemma3(
      "12B", layers: 48, hidden: 3840, heads: 16, kvHeads: 8, headDimension: 256, intermediate: 15360, vocabulary: 262_208,
      contextLength: 131_072, window: 1024),
    gemma3(
      "27B", layers: 62, hidden: 5376, heads: 32, kvHeads: 16, headDimension: 128, intermediate: 21504, vocabulary: 262_208,
      contextLength: 131_072, window: 1024),
  ]

  private static let alternating = LayerPattern(cycle: [true, false])

  private static func gemma3(
    _ size: String, layers: Int, hidden: Int, heads: Int, kvHeads: Int, headDimension: Int, intermediate: Int,
    vocabulary: Int, contextLength: Int, window: Int
  ) -> ModelCard {
    ModelCard(
      name: "Gemma-3-\(size)", layers: layers, hidden: hidden, heads: heads, kvHeads: kvHeads,
      headDimension: headDimension, intermediate: intermediate, vocabulary: vocabulary, contextLength: contextLength,
      tiedEmbeddings: true, queryKeyNorm: true, source: "google/gemma-3-\(size.lowercased())-it config.json"
    ).with {
      $0.normsPerLayer = 4
      $0.window = .init(tokens: window, layers: LayerPattern(cycle: [true, true, true, true, true, false]))
    }
  }

  private static let phi: [ModelCard] = [
    ModelCard(
      name: "Phi-3-medium-4k", layers: 40, hidden: 5120, heads: 40, kvHeads: 10, headDimension: 128, intermediate: 17920,
      vocabulary: 32064, contextLength: 4096, source: "microsoft/Phi-3-medium-4k-instruct config.json"
    ).with { $0.window = .init(tokens: 2047) },
    ModelCard(
      name: "Phi-4", layers: 40, hidden: 5120, heads: 40, kvHeads: 10, headDimension: 128, intermediate: 17920,
      vocabulary: 100_352, contextLength: 16384, source: "microsoft/phi-4 config.json"),
  ]

  private static let openAI: [ModelCard] = [("20b", 24, 32), ("120b", 36, 128)].map { size, layers, experts in
    ModelCard(
      name: "gpt-oss-\(size)", layers: layers, hidden: 2880, heads: 64, kvHeads: 8, headDimension: 64, intermediate: 2880,
      vocabulary: 201_088, contextLength: 131_072, biases: [.queryKeyValue, .output, .feedForward],
      experts: .init(count: experts, active: 4, intermediate: 2880), source: "openai/gpt-oss-\(size) config.json"
    ).with {
      $0.attentionSinks = true
      $0.expertFormat = .mxfp4
      $0.window = .init(tokens: 128, layers: alternating)
    }
  }

  private static let deepSeek: [ModelCard] = [
    ModelCard(
      name: "DeepSeek-V2-Lite", layers: 27, hidden: 2048, heads: 16, kvHeads: 16, headDimension: 192, intermediate: 10944,
      vocabulary: 102_400, contextLength: 163_840,
      experts: .init(count: 64, active: 6, intermediate: 1408, sharedIntermediate: 2816),
      source: "deepseek-ai/DeepSeek-V2-Lite config.json"
    ).with {
      $0.latent = .init(queryRank: nil, rank: 512, rotary: 64, plain: 128, value: 128)
      $0.expertLayers = LayerPattern(first: [false], cycle: [true])
    },
    ModelCard(
      name: "DeepSeek-V3", layers: 61, hidden: 7168, heads: 128, kvHeads: 128, headDimension: 192, intermediate: 18432,
      vocabulary: 129_280, contextLength: 163_840,
      experts: .init(count: 256, active: 8, intermediate: 2048, sharedIntermediate: 2048), weightFormat: .fp8,
      source: "deepseek-ai/DeepSeek-V3 config.json (without the layer that predicts a second token)"
    ).with {
      $0.latent = .init(queryRank: 1536, rank: 512, rotary: 64, plain: 128, value: 128)
      $0.scalesBlocks = true
      $0.expertLayers = LayerPattern(first: [false, false, false], cycle: [true])
    },
    ModelCard(
      name: "Kimi-K2", layers: 61, hidden: 7168, heads: 64, kvHeads: 64, headDimension: 192, intermediate: 18432,
      vocabulary: 163_840, contextLength: 131_072,
      experts: .init(count: 384, active: 8, intermediate: 2048, sharedIntermediate: 2048), weightFormat: .fp8,
      source: "moonshotai/Kimi-K2-Instruct config.json"
    ).with {
      $0.latent = .init(queryRank: 1536, rank: 512, rotary: 64, plain: 128, value: 128)
      $0.scalesBlocks = true
      $0.expertLayers = LayerPattern(first: [false], cycle: [true])
    },
  ]

  private static let older: [ModelCard] = [
    falcon("7B", layers: 32, hidden: 4544, heads: 71, kvHeads: 1, norms: 1, tied: true),
    falcon("40B", layers: 60, hidden: 8192, heads: 128, kvHeads: 8, norms: 2, tied: true),
    falcon("180B", layers: 80, hidden: 14848, heads: 232, kvHeads: 8, norms: 2, tied: false),
    opt("6.7B", layers: 32, hidden: 4096, heads: 32, source: "facebook/opt-6.7b config.json"),
    opt("13B", layers: 40, hidden: 5120, heads: 40, source: "facebook/opt-13b config.json"),
    opt("30B", layers: 48, hidden: 7168, heads: 56, source: "facebook/opt-30b config.json"),
    opt("66B", layers: 64, hidden: 9216, heads: 72, source: "facebook/opt-66b config.json"),
    opt("175B", layers: 96, hidden: 12288, heads: 96, source: "Zhang et al. 2022, OPT, table 1"),
    ModelCard(
      name: "GPT-3-175B", layers: 96, hidden: 12288, heads: 96, kvHeads: 96, headDimension: 128, intermediate: 49152,
      vocabulary: 50257, contextLength: 2048, tiedEmbeddings: true,
      biases: [.queryKeyValue, .output, .feedForward, .norms],
      source: "Brown et al. 2020, GPT-3, table 2.1; vocabulary of GPT-2; attention taken as dense in every layer"
    ).with {
      $0.isGated = false
      $0.learnedPositions = 2048
    },
  ]

  private static func falcon(
    _ size: String, layers: Int, hidden: Int, heads: Int, kvHeads: Int, norms: Int, tied: Bool
  ) -> ModelCard {
    ModelCard(
      name: "Falcon-\(size)", layers: layers, hidden: hidden, heads: heads, kvHeads: kvHeads, headDimension: 64,
      intermediate: 4 * hidden, vocabulary: 65024, contextLength: 2048, tiedEmbeddings: tied, biases: .norms,
      source: "tiiuae/falcon-\(size.lowercased()) config.json"
    ).with {
      $0.isGated = false
      $0.isParallel = true
      $0.normsPerLayer = norms
    }
  }

  private static func opt(_ size: String, layers: Int, hidden: Int, heads: Int, source: String) -> ModelCard {
    ModelCard(
      name: "OPT-\(size)", layers: layers, hidden: hidden, heads: heads, kvHeads: heads, headDimension: 128,
      intermediate: 4 * hidden, vocabulary: 50272, contextLength: 2048, tiedEmbeddings: true,
      biases: [.queryKeyValue, .output, .feedForward, .norms], source: source
    ).with {
      $0.isGated = false
      // Positions count from 2.
      $0.learnedPositions = 2050
    }
  }

  private static let small: [ModelCard] = [
    ModelCard(
      name: "SmolLM2-135M", layers: 30, hidden: 576, heads: 9, kvHeads: 3, headDimension: 64, intermediate: 1536,
      vocabulary: 49152, contextLength: 8192, tiedEmbeddings: true, source: "HuggingFaceTB/SmolLM2-135M config.json"),
  ]
}
