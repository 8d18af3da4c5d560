import Analysis
import ArgumentParser
import Core
import Hardware
import KVMemory
import ServingEngine
import Transformer

extension ModelCommand {
  /// What a compressed cache costs a real model: perplexity of a text, and the distance from the exact cache's distribution.
  struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Perplexity of a text, read through the cache in every KV format, and its distance from the exact cache.")

    @Argument(help: "A GGUF file, or a name of `model list`.")
    var model: String

    @Option(help: ArgumentHelp("Formats, with commas between them; all where it is left out.", valueName: "a,b,…"))
    var kvFormat: String?

    @Option(help: ArgumentHelp("Retention policies, with commas between them: the first half of each window is read whole, the rest is foretold token by token from what they keep, in f16 or the one format that is given.", valueName: "a,b,…"))
    var retain: String?

    @Option(help: ArgumentHelp("Forms of attention that leave keys out, with commas between them, in f16 or the one format that is given. Prompts are read in passes of 256 tokens; where it is decodes that leave keys out, every token is one.", valueName: "a,b,…"))
    var attention: String?

    @Option(help: ArgumentHelp("What no policy may drop: none, or prompt-prefix:64.", valueName: "member"))
    var protect = "none"
    @Option(help: "Weights of the layers: \(WeightFormat.members.map(\.usage).joined(separator: ", ")).")
    var weights = "as-loaded"

    @Option(help: ArgumentHelp("A text to be read; a text of the program where it is left out.", valueName: "file"))
    var text: String?

    @Option(help: ArgumentHelp("Tokens of the text that see each other.", valueName: "n"))
    var window = 512

    @Option(help: ArgumentHelp("Tokens of the text that are read.", valueName: "n"))
    var limit: Int?

    @Flag(help: "Take activations as floats: slower, and free of the noise of rounding them to eight bits.")
    var exactActivations = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
      let formats = try formats()
      guard window >= 2 else { throw Fault("--window \(window): at least 2 tokens are wanted, for one foretells the other") }
      if let limit, limit < 2 { throw Fault("--limit \(limit): at least 2 tokens are wanted, for one foretells the other") }
      let local = try LocalModel(ModelCommand.file(model), name: model, precision: exactActivations ? .exact : .eightBits, storing: try weightFormat())
      var tokens = local.passages
      if let text {
        tokens = local.language.tokenizer.encode(String(decoding: try Files.bytes(of: text), as: UTF8.self))
        guard tokens.count >= 2 else { throw Fault("\(text): one token or none; nothing is foretold — give a longer text") }
      }
      if let limit { tokens = Array(tokens.prefix(limit)) }
      if let retain { return try printRetention(retain, local, tokens, formats) }
      if let attention { return try printAttention(attention, local, tokens, formats) }
      let choices = formats.map { CacheChoice(format: $0) }
      let scores = local.scores(of: tokens, choices: choices, window: window)
      if json { return print(document(choices, scores).pretty()) }
      printTable(choices, scores)
    }

    private func weightFormat() throws -> WeightFormat {
      do {
        if let format = WeightFormat(try AxisCatalogue.weights.choice(weights)) {
          if let obstacle = format.obstacleOnCPU { throw Fault("--weights \(weights): \(obstacle)") }
          return format
        }
      } catch let fault as ChoiceFault {
        throw Fault(fault.description)
      }
      throw Fault("--weights \(weights): there is no such format")
    }

    private func formats() throws -> [KVFormat] {
      guard let kvFormat else { return KVFormat.allCases }
      return try kvFormat.split(separator: ",", omittingEmptySubsequences: false).map { name in
        guard let format = KVFormat(rawValue: String(name)) else {
          throw Fault("--kv-format \(name): there is no such format; choose \(KVFormat.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return format
      }
    }

    private func document(_ choices: [CacheChoice], _ scores: [TextScore]) -> JSONValue {
      [
        "schema": "workbench.scores/1", "model": .string(model), "tokens": .integer(scores.first?.tokens ?? 0), "window": .integer(window),
        "scores": .array(
          zip(choices, scores).map { choice, score in
            [
              "kv_format": .string(choice.format.rawValue), "bits_per_element": JSONValue(score.bitsPerElement),
              "bytes_per_token": .integer(score.bytesPerToken), "perplexity": JSONValue(score.perplexity),
              "exact_perplexity": JSONValue(score.exactPerplexity), "kl_nats": JSONValue(score.meanDivergence),
              "greedy_agreement": JSONValue(score.agreement),
            ]
          }),
      ]
    }

    private func printRetention(_ retain: String, _ local: LocalModel, _ tokens: [TokenID], _ formats: [KVFormat]) throws {
      guard kvFormat == nil || formats.count == 1 else { throw Fault("--kv-format \(kvFormat ?? ""): one format is wanted beside --retain") }
      guard tokens.count >= 4, window >= 4 else { throw Fault("--retain: a window of 4 tokens at least is wanted — give a longer text, or a larger --window") }
      let format = kvFormat == nil ? .f16 : formats[0]
      guard let axis = AxisCatalogue.axis(named: "retain"), let protection = AxisCatalogue.axis(named: "protect") else { return }
      let names = retain.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      for (axis, name) in names.map({ (axis, $0) }) + [(protection, protect)] { if let fault = axis.fault(of: name) { throw Fault(fault) } }
      let choices = try names.map { try axis.choice($0) }
      let protected = try protection.choice(protect).values.first ?? 0
      let policies = choices.compactMap { RetentionCatalogue.retention($0) }
      if format != .f16, let policy = policies.first(where: { $0.format != nil }) {
        throw Fault("--retain \(policy.choice): elements that are kept are in half precision — leave --kv-format \(format.rawValue) out")
      }
      let scores = local.scores(of: tokens, retaining: policies, protected: protected, format: format, window: window)
      if json {
        let rows = zip(choices, scores).map { choice, score -> JSONValue in
          [
            "retain": .string(choice.description), "kept_fraction": JSONValue(score.keptFraction),
            "bytes_per_token": .integer(score.score.bytesPerToken), "perplexity": JSONValue(score.score.perplexity),
            "exact_perplexity": JSONValue(score.score.exactPerplexity), "kl_nats": JSONValue(score.score.meanDivergence),
            "greedy_agreement": JSONValue(score.score.agreement),
          ]
        }
        let foretold: Int = scores.first?.score.tokens ?? 0
        let document = JSONValue([
          ("schema", .string("workbench.scores/1")), ("model", .string(model)), ("tokens", .integer(foretold)), ("window", .integer(window)),
          ("kv_format", .string(format.rawValue)), ("protect", .string(protect)), ("scores", .array(rows)),
        ])
        return print(document.pretty())
      }
      guard let first = scores.first?.score else { return }
      print(
        "\(model): \(first.tokens.grouped) tokens foretold in the second halves of windows of \(window), \(format.rawValue); with the exact cache perplexity \(first.exactPerplexity.fixed(3))\n")
      var rows = [["retain", "kept", "bytes/token", "perplexity", "change", "KL (nats)", "same greedy token"]]
      for (choice, score) in zip(choices, scores) {
        rows.append([
          choice.description, (score.keptFraction * 100).fixed(1) + " %", score.score.bytesPerToken.grouped, score.score.perplexity.fixed(3),
          ((score.score.perplexity / score.score.exactPerplexity - 1) * 100).fixed(2) + " %", score.score.meanDivergence.fixed(5),
          (score.score.agreement * 100).fixed(1) + " %",
        ])
      }
      printRows(rows)
    }

    private func printAttention(_ attention: String, _ local: LocalModel, _ tokens: [TokenID], _ formats: [KVFormat]) throws {
      guard kvFormat == nil || formats.count == 1 else { throw Fault("--kv-format \(kvFormat ?? ""): one format is wanted beside --attention") }
      let format = kvFormat == nil ? .f16 : formats[0]
      let axis = AxisCatalogue.attention
      let choices = try attention.split(separator: ",", omittingEmptySubsequences: false).map { name in
        if let fault = axis.fault(of: String(name)) { throw Fault(fault) }
        return try axis.choice(String(name))
      }
      let scores = local.scores(
        of: tokens, choices: choices.map { CacheChoice(format: format, sparse: AttentionForm($0)?.sparse(tokensPerBlock: 16)) }, window: window, chunk: 256)
      if json {
        let rows = zip(choices, scores).map { choice, score -> JSONValue in
          [
            "attention": .string(choice.description), "perplexity": JSONValue(score.perplexity), "exact_perplexity": JSONValue(score.exactPerplexity),
            "kl_nats": JSONValue(score.meanDivergence), "greedy_agreement": JSONValue(score.agreement),
          ]
        }
        let document = JSONValue([
          ("schema", .string("workbench.scores/1")), ("model", .string(model)), ("tokens", .integer(scores.first?.tokens ?? 0)),
          ("window", .integer(window)), ("kv_format", .string(format.rawValue)), ("scores", .array(rows)),
        ])
        return print(document.pretty())
      }
      guard let first = scores.first else { return }
      print(
        "\(model): \(first.tokens.grouped) tokens foretold, windows of \(window), \(format.rawValue); with dense attention and the exact cache perplexity \(first.exactPerplexity.fixed(3))\n")
      var rows = [["attention", "perplexity", "change", "KL (nats)", "same greedy token"]]
      for (choice, score) in zip(choices, scores) {
        rows.append([
          choice.description, score.perplexity.fixed(3), ((score.perplexity / score.exactPerplexity - 1) * 100).fixed(2) + " %",
          score.meanDivergence.fixed(5), (score.agreement * 100).fixed(1) + " %",
        ])
      }
      printRows(rows)
      guard choices.contains(where: { $0.name == "pattern-prefill" }) else { return }
      let patterns = local.headPatterns()
      print("\npatterns of its heads: " + HeadPattern.candidates.map { pattern in "\(patterns.count { $0 == pattern }) \(pattern.name)" }.joined(separator: "; "))
    }

    private func printTable(_ choices: [CacheChoice], _ scores: [TextScore]) {
      guard let first = scores.first else { return }
      print("\(model): \(first.tokens.grouped) tokens foretold, windows of \(window); with the exact cache perplexity \(first.exactPerplexity.fixed(3))\n")
      let heads = ["kv-format", "bits", "bytes/token", "perplexity", "change", "KL (nats)", "same greedy token"]
      var rows = [heads]
      for (choice, score) in zip(choices, scores) {
        rows.append([
          choice.format.rawValue, score.bitsPerElement.fixed(2), score.bytesPerToken.grouped, score.perplexity.fixed(3),
          ((score.perplexity / score.exactPerplexity - 1) * 100).fixed(2) + " %", score.meanDivergence.fixed(5),
          (score.agreement * 100).fixed(1) + " %",
        ])
      }
      printRows(rows)
    }

    private func printRows(_ rows: [[String]]) {
      let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
      for row in rows {
        print(
          row.enumerated().map { column, text in
            let padding = String(repeating: " ", count: widths[column] - text.count)
            return column == 0 ? text + padding : padding + text
          }.joined(separator: "  "))
      }
    }
  }

  /// A file, or what a name of `model list` stands for.
  static func file(_ model: String) throws -> GGUFFile {
    if !Files.exists(model), let builtIn = BuiltInModel(rawValue: model)?.file { return try GGUFFile(builtIn) }
    return try GGUFFile(Files.exists(model) ? model : Known.all.first { $0.name == model }?.path ?? model)
  }
}
