import Foundation

/// A `config.json` that is not a model card: what is wrong with which field.
public struct ModelConfigError: Error, Equatable, CustomStringConvertible {
  public enum Problem: Equatable, Sendable {
    case notAnObject
    case missing(field: String)
    case unreadable(field: String, expected: String)
    case notModelled(field: String, value: String, way: String)
  }

  public let model: String
  public let problem: Problem

  public var description: String {
    switch problem {
    case .notAnObject: "\(model): config.json is not a JSON object — give the file of a Hugging Face model"
    case .missing(let field): "\(model): config.json has no \(field) — add it"
    case .unreadable(let field, let expected): "\(model): \(field) in config.json is not \(expected) — correct it"
    case .notModelled(let field, let value, let way): "\(model): \(field) is \(value) in config.json, which is not modelled — \(way)"
    }
  }
}

extension ModelCard {
  /// Families whose layers have the shape that is modelled here.
  public static let configFamilies = ["llama", "mistral", "qwen2", "qwen3", "qwen3_moe", "mixtral"]

  /// Reads the `config.json` of a Hugging Face model.
  ///
  /// Only what the library itself documents as a default is filled in when absent:
  /// `num_key_value_heads` = `num_attention_heads`; `head_dim` = `hidden_size` / heads (128 for qwen3
  /// and qwen3_moe); `tie_word_embeddings` false; `attention_bias` false (qwen2: always true).
  /// Weights are taken as 16 bit whatever the file says, as vLLM loads 32-bit checkpoints so; an `fp8`
  /// quantisation is honoured.
  public init(configJSON text: String, name: String) throws(ModelConfigError) {
    try self.init(configJSON: Array(text.utf8), name: name)
  }

  public init(configJSON bytes: [UInt8], name: String) throws(ModelConfigError) {
    let config = try ConfigFields(bytes, model: name)
    let family = try config.text("model_type")
    guard Self.configFamilies.contains(family) else {
      throw config.notModelled("model_type", "'\(family)'", "use one of \(Self.configFamilies.joined(separator: ", "))")
    }
    if let window = config.optionalInteger("sliding_window"), config.flag("use_sliding_window") ?? true {
      let context = try config.integer("max_position_embeddings")
      if window < context {
        throw config.notModelled("sliding_window", "\(window)", "set it to null to model full attention")
      }
    }

    let hidden = try config.integer("hidden_size")
    let heads = try config.integer("num_attention_heads")
    let isQwen3 = family.hasPrefix("qwen3")
    var experts: Experts?
    if family == "mixtral" {
      experts = Experts(
        count: try config.integer("num_local_experts"), active: try config.integer("num_experts_per_tok"),
        intermediate: try config.integer("intermediate_size"))
    } else if family == "qwen3_moe" {
      if let stride = config.optionalInteger("decoder_sparse_step"), stride != 1 {
        throw config.notModelled("decoder_sparse_step", "\(stride)", "only models with experts in every layer can be read")
      }
      experts = Experts(
        count: try config.integer("num_experts"), active: try config.integer("num_experts_per_tok"),
        intermediate: try config.integer("moe_intermediate_size"))
    }

    self.init(
      name: name,
      layers: try config.integer("num_hidden_layers"),
      hidden: hidden,
      heads: heads,
      kvHeads: try config.integer("num_key_value_heads", default: heads),
      headDimension: try config.integer("head_dim", default: isQwen3 ? 128 : hidden / heads),
      intermediate: try config.integer("intermediate_size"),
      vocabulary: try config.integer("vocab_size"),
      contextLength: try config.integer("max_position_embeddings"),
      tiedEmbeddings: config.flag("tie_word_embeddings") ?? false,
      attentionBias: family == "qwen2" || (config.flag("attention_bias") ?? false),
      queryKeyNorm: isQwen3,
      experts: experts,
      weightFormat: try config.weightFormat(),
      source: "config.json")
  }
}

/// The fields of a configuration, each read with its complaint.
private struct ConfigFields {
  let fields: [String: Any]
  let model: String

  init(_ bytes: [UInt8], model: String) throws(ModelConfigError) {
    guard let fields = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
      throw ModelConfigError(model: model, problem: .notAnObject)
    }
    self.fields = fields
    self.model = model
  }

  func present(_ field: String) -> Any? {
    guard let value = fields[field], !(value is NSNull) else { return nil }
    return value
  }

  func text(_ field: String) throws(ModelConfigError) -> String {
    guard let value = present(field) else { throw ModelConfigError(model: model, problem: .missing(field: field)) }
    guard let text = value as? String else {
      throw ModelConfigError(model: model, problem: .unreadable(field: field, expected: "a string"))
    }
    return text
  }

  func integer(_ field: String, default fallback: Int? = nil) throws(ModelConfigError) -> Int {
    guard let value = present(field) else {
      if let fallback { return fallback }
      throw ModelConfigError(model: model, problem: .missing(field: field))
    }
    guard let integer = value as? Int, integer > 0, integer < 1 << 32 else {
      throw ModelConfigError(model: model, problem: .unreadable(field: field, expected: "a positive whole number"))
    }
    return integer
  }

  func optionalInteger(_ field: String) -> Int? { present(field) as? Int }

  func flag(_ field: String) -> Bool? { present(field) as? Bool }

  func weightFormat() throws(ModelConfigError) -> NumberFormat {
    guard let quantisation = present("quantization_config") as? [String: Any] else { return .bf16 }
    let method = quantisation["quant_method"] as? String ?? "unnamed"
    if method == "fp8" { return .fp8 }
    throw notModelled("quantization_config.quant_method", "'\(method)'", "only fp8 is; remove it to model 16-bit weights")
  }

  func notModelled(_ field: String, _ value: String, _ way: String) -> ModelConfigError {
    ModelConfigError(model: model, problem: .notModelled(field: field, value: value, way: way))
  }
}
