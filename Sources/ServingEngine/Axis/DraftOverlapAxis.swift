import Core
import Hardware

extension AxisCatalogue {
  /// Not switched while an engine runs: KV memory is what the draft model leaves of it.
  static let draftOverlap = Axis(
    name: "draft-overlap", summary: "whether drafts are made while others are verified, and where", members: DraftOverlap.members,
    current: { $0.draftOverlap.choice.description },
    obstacle: { engine, choice in
      choice == engine.draftOverlap.choice ? nil : "where the draft model lies was decided when the run began — run it again with --draft-overlap \(choice)"
    },
    change: { _, _ in [] })
}

extension Configuration {
  /// Where the draft model of a modelled GPU lies.
  func overlap() throws(ConfigurationError) -> DraftOverlap {
    guard let overlap = DraftOverlap(try read(AxisCatalogue.draftOverlap, draftOverlap)), overlap != .off else { return .off }
    if isMeasured || tokens != nil {
      throw ConfigurationError("--draft-overlap \(draftOverlap): where tokens are real, models take turns on the same cores — leave it off")
    }
    if pipelineParallel > 1 || replicas > 1 || placement != "colocated" {
      throw ConfigurationError("--draft-overlap \(draftOverlap): it is modelled for one engine of one stage — leave --pp, --replicas and --placement out")
    }
    if let fault = overlap.fault { throw ConfigurationError("--draft-overlap \(draftOverlap): \(fault)") }
    return overlap
  }
}
