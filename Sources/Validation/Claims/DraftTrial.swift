import Analysis
import Core
import ServingEngine
import Transformer
import Workload

/// Drafts and verdicts of the models inside the program, on the texts inside the program.
struct DraftTrial {
  var drafter: String
  var draftTokens: String
  /// Which of the texts; nil for all.
  var kind: String?
  /// Requests side by side.
  var sequences = 8
  /// Tokens of each answer.
  var outputs = 128

  /// The steps of a run, one by one.
  func run(_ each: (StepReport) -> Void) throws(ClaimFault) {
    var configuration = Configuration.cpu
    configuration.tokens = RealModel(name: BuiltInModel.large.rawValue, source: .builtIn(.large))
    configuration.tokens?.ignoresEndOfText = true
    configuration.maxSequences = sequences
    configuration.speculate = drafter
    configuration.draftTokens = draftTokens
    // A byte is a token.
    let arrivals = TextKinds.all.filter { kind == nil || $0.name == kind }.flatMap(\.prompts).map { text in
      Arrival(time: .zero, prompt: Prompt(text.utf8.map { TokenID($0) }), outputLimit: outputs)
    }
    do {
      var engine = try configuration.engine(for: Trace(name: "texts", arrivals: arrivals))
      while let report = try engine.step() { each(report) }
    } catch {
      throw ClaimFault("\(error)")
    }
  }

  /// What was measured, as a source of acceptance for a modelled GPU, and as numbers.
  func profile() throws(ClaimFault) -> (text: String, curve: AcceptanceTally.Curve) {
    var tally = AcceptanceTally(labels: 1)
    try run { tally.fold($0.batch, $0.outcome) }
    let curve = tally[0]
    let rows = curve.counts.map { "[" + $0.map(String.init).joined(separator: ",") + "]" }.joined(separator: ",")
    let text = """
      {"schema":"workbench.acceptance/1","model":"workbench-large","drafter":"\(drafter)","classes":[{"class":"\(kind ?? "all")","counts":[\(rows)]}]}
      """
    return (text, curve)
  }
}
