import Analysis
import ArgumentParser
import Core
import Transformer

extension ModelCommand {
  /// Which heads of a model look far back: what `--retain heads` keeps everything of.
  struct Heads: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Measure how much each key head loses that sees the first tokens and the last ones only: the retrieval heads of --retain heads.")

    @Argument(help: "A GGUF file, or a name of `model list`.")
    var model: String

    @Option(help: ArgumentHelp("A text to be read twice, in pieces; one of the program where it is left out.", valueName: "file"))
    var text: String?

    @Option(help: ArgumentHelp("Tokens at the beginning that every head sees.", valueName: "n"))
    var sinks = LocalModel.calibratedSinks

    @Option(help: ArgumentHelp("Tokens at the end that every head sees.", valueName: "n"))
    var window = LocalModel.calibratedWindow

    @Option(help: ArgumentHelp("Of all heads, those that are marked, per cent.", valueName: "n"))
    var share = 50

    @Option(name: .shortAndLong, help: ArgumentHelp("Write the JSON document there too.", valueName: "file"))
    var output: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
      do { try measure() } catch { throw Fault("\(error)") }
    }

    private func measure() throws {
      guard sinks >= 0, window >= 1 else { throw Fault("--sinks \(sinks) --window \(window): a window of 1 token at least is wanted, and no fewer sinks than 0") }
      guard (1...99).contains(share) else { throw Fault("--share \(share): per cent from 1 to 99 are wanted") }
      let local = try LocalModel(ModelCommand.file(model), name: model)
      var tokens: [TokenID]?
      if let text { tokens = local.language.tokenizer.encode(String(decoding: try Files.bytes(of: text), as: UTF8.self)) }
      let scores = local.headScores(of: tokens, sinks: sinks, window: window)
      guard scores.errors.contains(where: { $0 > 0 }) else {
        throw Fault("\(text ?? model): no token of it lies beyond \(sinks) sinks and a window of \(window) — give a longer text, or fewer of both")
      }
      let marked = Set(scores.ranking.prefix(scores.errors.count * share / 100))
      let document = document(scores, marked).pretty()
      if let output { try Files.write(Array((document + "\n").utf8), to: output) }
      print(json ? document : table(scores, marked))
    }

    private func document(_ scores: HeadScores, _ marked: Set<Int>) -> JSONValue {
      [
        "schema": "workbench.heads/1", "model": .string(model), "layers": .integer(scores.layers), "kv_heads": .integer(scores.kvHeads),
        "sinks": .integer(sinks), "window": .integer(window), "share_percent": .integer(share),
        "heads": .array(
          scores.errors.indices.map { head in
            [
              "layer": .integer(head / scores.kvHeads), "head": .integer(head % scores.kvHeads), "error": JSONValue(scores.errors[head]),
              "weight_beyond": JSONValue(scores.beyond[head]), "retrieval": .bool(marked.contains(head)),
            ]
          }),
      ]
    }

    private func table(_ scores: HeadScores, _ marked: Set<Int>) -> String {
      var lines = [
        "\(model): relative error of a layer's attention, % , when the queries of one key head see \(sinks) sinks and the last \(window) tokens only",
        "* the \(marked.count) of \(scores.errors.count) heads that keep everything with --retain heads:\(share)", "",
      ]
      let heads = (0..<scores.kvHeads).map { "head \($0)".padded(leading: 9) }.joined()
      lines.append("layer" + heads)
      for layer in 0..<scores.layers {
        let cells = (0..<scores.kvHeads).map { kvHead in
          let head = layer * scores.kvHeads + kvHead
          return (scores.errors[head] * 100).fixed(1).padded(leading: 8) + (marked.contains(head) ? "*" : " ")
        }
        lines.append("\(layer)".padded(leading: 5) + cells.joined())
      }
      let mean = { (heads: [Int]) in heads.reduce(0.0) { $0 + scores.beyond[$1] } / Double(max(1, heads.count)) * 100 }
      let all = Array(scores.errors.indices)
      lines.append("")
      lines.append(
        "of attention's weight lie beyond: \(mean(all.filter(marked.contains)).fixed(1)) % in marked heads, \(mean(all.filter { !marked.contains($0) }).fixed(1)) % in others")
      return lines.joined(separator: "\n")
    }
  }
}
