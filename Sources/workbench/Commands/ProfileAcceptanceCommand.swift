import Analysis
import ArgumentParser
import Core
import Hardware
import Host
import ServingEngine
import Transformer
import Workload

/// How often the drafts of a drafter stand, measured on a real model.
struct ProfileAcceptanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile-acceptance", abstract: "Measure how often drafts stand, on a real model, by kind of text.",
    discussion: """
      Runs requests on the cpu device with a drafter and counts, for each kind of text, how long drafts were and how many of \
      their tokens stood. Without TRACE the texts are code, prose and repeated turns that are inside the program; of a trace \
      each label is a kind. With -o the counts of one drafter become a profile that --acceptance reads, on a modelled GPU.
      """)

  @Argument(help: "A trace or a generator's words; without it, texts inside the program.")
  var trace: String?

  @OptionGroup(title: "Engine") var engine: EngineOptions
  @OptionGroup(title: "Workload") var workload: WorkloadOptions

  @Option(help: "Tokens of each answer, where the texts are those inside the program.")
  var outputTokens = 128

  @Option(name: .shortAndLong, help: ArgumentHelp("Write the profile of the one drafter of --speculate.", valueName: "file"))
  var output: String?

  @Flag(help: "Print one JSON array of profiles.")
  var json = false

  func run() throws {
    guard (1...4_096).contains(outputTokens) else { throw Fault("--output-tokens \(outputTokens): a whole number from 1 to 4096 is wanted") }
    if let device = engine.device, device != "cpu" {
      throw Fault("--device \(device): acceptance is measured on a real model — leave it out, or give --device cpu")
    }
    var measured: [Profile] = []
    if let speculate = engine.speculate, speculate != "none" {
      measured = [try profile(speculate)]
    } else {
      guard output == nil else { throw Fault("-o: a profile is of one drafter — say which with --speculate") }
      for member in AxisCatalogue.axis(named: "speculate")?.members.dropFirst() ?? [] {
        if let found = try? profile(member.name) { measured.append(found) }
      }
    }
    if let output { try Files.write(Array((measured[0].json.pretty() + "\n").utf8), to: output) }
    if json { return print(JSONValue.array(measured.map(\.json)).pretty()) }
    print(Profile.table(measured), terminator: "")
  }

  private func profile(_ drafter: String) throws -> Profile {
    var base = Configuration.cpu
    base.maxSequences = 8
    var configuration = try engine.configuration(over: base)
    configuration.speculate = drafter
    guard let most = configuration.fixedDraftTokens else {
      throw Fault("--draft-tokens \(configuration.draftTokens): a profile wants a number, so that every position is tried as often as it can")
    }
    let trace: Trace
    if let words = self.trace {
      trace = try Source(words, workload, seed: configuration.seed).trace
    } else {
      configuration.tokens?.ignoresEndOfText = true
      trace = try bundled(configuration)
    }
    do {
      var engine = try configuration.engine(for: trace)
      var tally = AcceptanceTally(labels: trace.labels.count)
      var levels = trace.labels.map { _ in Levels() }
      while let report = try engine.step() {
        tally.fold(report.batch, report.outcome)
        for draft in report.outcome.drafts { levels[Int(engine.trace.arrivals[draft.request.index].label)].fold(draft) }
      }
      let curves = trace.labels.indices.map { (trace.labels[$0].isEmpty ? "other" : trace.labels[$0], tally[$0], levels[$0].means) }
      return Profile(
        model: configuration.tokens?.name ?? configuration.model, drafter: drafter, draftTokens: most,
        temperature: configuration.tokens?.sampler.temperature ?? 0, classes: curves.filter { $0.1.decodes > 0 })
    } catch {
      throw Fault("\(error)")
    }
  }

  private func bundled(_ configuration: Configuration) throws -> Trace {
    var plain = configuration
    plain.speculate = "none"
    let device: any Device
    do { device = try plain.engine(for: Trace(name: "", arrivals: [])).device } catch { throw Fault("\(error)") }
    guard let language = device.language as? ModelLanguage else { throw Fault("\(device.name) has no tokens of its own") }
    var arrivals: [Arrival] = []
    for (number, kind) in TextKinds.all.enumerated() {
      for text in kind.prompts {
        arrivals.append(
          Arrival(
            time: .zero, prompt: Prompt(language.tokenizer.promptTokens(text, parseSpecial: false)), outputLimit: outputTokens,
            label: UInt16(number + 1)))
      }
    }
    return Trace(name: "texts inside the program", arrivals: arrivals, labels: [""] + TextKinds.all.map(\.name))
  }

  /// How trees looked.
  private struct Levels {
    var trees = 0
    var tokens: [Int] = []

    mutating func fold(_ draft: Draft) {
      guard let tree = draft.tree else { return }
      trees += 1
      for (level, count) in tree.levels.enumerated() {
        if level == tokens.count { tokens.append(0) }
        tokens[level] += count
      }
    }

    var means: [Double] { tokens.map { Double($0) / Double(trees) } }
  }

  /// What was measured of one drafter.
  struct Profile {
    var model: String
    var drafter: String
    var draftTokens: Int
    var temperature: Double
    /// With the tokens of each level, on average, where drafts branch.
    var classes: [(name: String, curve: AcceptanceTally.Curve, levels: [Double])]

    var json: JSONValue {
      [
        "schema": .string(AcceptanceProfile.schema), "model": .string(model), "drafter": .string(drafter),
        "draft_tokens": .integer(draftTokens), "temperature": .number(temperature),
        "classes": .array(
          classes.map { name, curve, levels -> JSONValue in
            // Every position is named, also where no draft was so long.
            var counts = curve.counts
            while counts.count <= draftTokens { counts.append([Int](repeating: 0, count: counts.count + 1)) }
            var members: [(String, JSONValue)] = [
              ("class", .string(name)), ("decodes", .integer(curve.decodes)), ("drafted", .integer(curve.drafted)),
              ("accepted", .integer(curve.accepted)), ("tokens_per_step", JSONValue(curve.tokensPerStep)),
              ("accepted_by_position", .array(curve.byPosition.map { JSONValue($0) })),
              ("counts", .array(counts.map { .array($0.map { .integer($0) }) })),
            ]
            if !levels.isEmpty { members.append(("levels", .array(levels.map { JSONValue($0) }))) }
            return JSONValue(members)
          }),
      ]
    }

    static func table(_ profiles: [Profile]) -> String {
      guard let first = profiles.first else { return "no drafter can be used here\n" }
      var text = "\(first.model), temperature \(first.temperature.fixed(1)), up to \(first.draftTokens) drafts; shares are of drafted tokens, positions of drafts so long\n"
      text += "drafter".padded(18) + "text".padded(16) + "steps with".padded(12) + "accepted".padded(10) + "tok/step".padded(10) + "by position\n"
      for profile in profiles {
        for (name, curve, _) in profile.classes {
          func share(_ value: Double?) -> String { value.map { ($0 * 100).fixed(0) + " %" } ?? "–" }
          text += profile.drafter.padded(18) + name.padded(16) + share(curve.draftedShare).padded(12) + share(curve.rate).padded(10)
          text += (curve.tokensPerStep.map { $0.fixed(2) } ?? "–").padded(10)
          text += curve.byPosition.map { $0.map { ($0 * 100).fixed(0) } ?? "–" }.joined(separator: " ") + "\n"
        }
      }
      return text
    }
  }
}
