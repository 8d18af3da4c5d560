import Analysis
import ArgumentParser
import Core
import Hardware
import Scheduling
import Screen
import ServingEngine
import Validation
import Workload

/// What can be chosen, a line each.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "What can be chosen: \(topics.map(\.name).joined(separator: ", ")).")

  @Argument(help: "What to list; without it, the topics.")
  var topic: String?

  @Flag(help: "Print one JSON array.")
  var json = false

  struct Topic: Sendable {
    let name: String
    let summary: String
    let members: @Sendable () -> [Descriptor]
  }

  static let topics: [Topic] =
    AxisCatalogue.all.filter { !$0.members.isEmpty }.map { axis in
      Topic(name: axis.name, summary: axis.summary) { axis.members }
    } + [
      Topic(name: "devices", summary: "GPUs that can be modelled, and this machine") {
        [
          Descriptor(
            name: "cpu", summary: "this machine: runs a real model from a GGUF file, with real tokens",
            source: "measured as it happens; see workbench model list")
        ] + AcceleratorCatalogue.all.map { gpu in
          Descriptor(
            name: gpu.name,
            summary: "\(gpu.multiprocessors) SMs · \(gpu.peaks.bf16.fixed(0)) TFLOP/s bf16 · \(gpu.memory.fixed(0)) GB · \((gpu.bandwidth / 1e3).fixed(2)) TB/s · host \((MemoryTier.host(of: gpu).bandwidth / 1e9).fixed(0)) GB/s over \(gpu.hostLink)"
              + (gpu.aliases.isEmpty ? "" : " · also \(gpu.aliases.joined(separator: ", "))"),
            source: "\(gpu.calibration); "
              + (gpu.validationLines.isEmpty
                ? "mean error of kernels unknown" : "mean error of kernels: \(gpu.validationLines.joined(separator: ", "))")
              + "; \(gpu.provenance)")
        }
      },
      Topic(name: "models", summary: "model cards") {
        ModelCatalogue.all.map { card in
          Descriptor(
            name: card.name,
            summary: "\((Double(card.parameterCount) / 1e9).fixed(2)) B parameters · \(card.layers) layers · \(card.allocatedKVBytesPerToken().grouped) B of KV a token · context \(card.contextLength.grouped)",
            source: card.source)
        }
      },
      Topic(name: "formats", summary: "traces that can be read") { TraceFormats.catalogue },
      Topic(name: "generators", summary: "words that make a trace, and their options") {
        ArrivalProcess.catalogue + Generator.options
      },
      Topic(name: "traces", summary: "traces that come with the program") { BundledTraces.all.map(\.descriptor) },
      Topic(name: "findings", summary: "what the bench points out by itself") {
        FindingCatalogue.all.map { $0.descriptor }
      },
      Topic(name: "claims", summary: "published ratios that `reproduce` reruns") {
        ClaimCatalogue.members.map { $0.descriptor }
      },
      Topic(name: "themes", summary: "colours") {
        BuiltInTheme.all.map { Descriptor(name: $0.name, summary: "built in", source: "themes/\($0.name).toml") }
      },
    ]

  func run() throws {
    guard let topic else { return show(Self.topics.map { Descriptor(name: $0.name, summary: $0.summary, source: "") }) }
    guard let found = Self.topics.first(where: { $0.name == topic || $0.name.inPlural == topic || $0.name == topic.inPlural }) else {
      throw Fault("list \(topic): there is no such topic; choose \(Self.topics.map(\.name).joined(separator: ", "))")
    }
    show(found.members())
  }

  private func show(_ members: [Descriptor]) {
    if json {
      let array = members.map { member -> JSONValue in
        [
          "name": .string(member.name), "summary": .string(member.summary), "source": .string(member.source),
          "parameters": .array(
            member.parameters.map {
              [
                "name": .string($0.name), "summary": .string($0.summary), "least": .integer($0.range.lowerBound),
                "most": .integer($0.range.upperBound), "standard": .integer($0.standard),
              ]
            }),
        ]
      }
      print(JSONValue.array(array).pretty())
      return
    }
    let width = members.map(\.usage.count).max() ?? 0
    for member in members {
      print(member.usage.padded(width + 2) + member.summary)
      for parameter in member.parameters {
        let bounds = parameter.isShare ? "1% to 100%" : "\(parameter.range.lowerBound) to \(parameter.range.upperBound.grouped)"
        let standard = parameter.isShare ? parameter.written(parameter.standard) : parameter.standard.grouped
        print("".padded(width + 2) + "  \(parameter.name): \(parameter.summary); \(bounds), \(standard) if left out")
      }
      if !member.source.isEmpty { print("".padded(width + 2) + "  " + member.source) }
    }
  }
}

extension String {
  /// `policies` of `policy`, `reservations` of `reservation`.
  fileprivate var inPlural: String { hasSuffix("y") ? dropLast() + "ies" : hasSuffix("ch") ? self + "es" : self + "s" }
}
