import Core
import ServingEngine

extension RunLabel {
  public init(_ configuration: Configuration, trace: Trace, isRecording: Bool = false) {
    let ranks = configuration.tensorParallel * configuration.pipelineParallel
    let model = configuration.model.split(separator: "/").last.map(String.init) ?? configuration.model
    let name = trace.name.split(separator: "/").last.map(String.init) ?? trace.name
    self.init(
      model: configuration.isMeasured ? model : model + (configuration.tokens.map { " + \($0.name)" } ?? ""), device: (ranks > 1 ? "\(ranks)×" : "") + configuration.device, isModelled: !configuration.isMeasured, traceName: name,
      seed: configuration.seed, isRecording: isRecording)
  }
}
