import Core
import ServingEngine

extension Timeline {
  /// The same trace from its first arrival, with what was switched meanwhile chosen from the beginning, and some choices
  /// more: what a run on other GPUs would be.
  ///
  /// Where times are modelled it is brought to the moment `time`; what is measured takes as long as it takes, so there it
  /// stands before its first step.
  ///
  /// - Throws: `ConfigurationError`, `DeviceError`.
  public func forked(with choices: [Command], until time: EngineTime) throws -> Timeline {
    guard var configuration else { throw ConfigurationError("nobody said what this run began with") }
    for command in commands.map(\.command) + choices where command != .rebuilt { try configuration.choose(command.axis, command.choice) }
    var fork = Timeline(try Run(configuration, trace: head.fleet.trace), configuration: configuration)
    guard !fork.head.fleet.outcomesAreInputs else { return fork }
    while let start = fork.head.fleet.nextStart, start < time { guard try fork.advance() else { break } }
    return fork
  }
}
