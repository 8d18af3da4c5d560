import Core
import Transformer

/// What KV formats cost the larger of the models inside the program: it reads texts of the program through each.
struct FormatTrial {
  /// In the order of the formats that were asked for.
  static func scores(_ formats: [KVFormat], tokens: Int = 3_000) throws(ClaimFault) -> [TextScore] {
    guard let file = BuiltInModel.large.file else { throw ClaimFault("this program was built without its model") }
    do {
      let model = try LocalModel(GGUFFile(file), name: BuiltInModel.large.rawValue)
      return model.scores(of: Array(model.passages.prefix(tokens)), choices: formats.map { CacheChoice(format: $0) })
    } catch {
      throw ClaimFault("\(error)")
    }
  }

  static let assumed: [(name: String, value: String)] = [
    ("model", "the built-in model, whose keys have milder outliers than large models'; workbench model score smollm2 says it of SmolLM2"),
    ("text", "3,000 bytes of the program's own passages, windows of 512"),
  ]
}
