import Analysis
import Core
import Host
import ServingEngine
import Workload

enum Samples {
  static let trace = {
    do {
      return try Generator("poisson:30,requests=120,prompt=lognormal:300:0.8,output=lognormal:60:0.6,prefix=2x200,seed=3").trace()
    } catch { fatalError("\(error)") }
  }()

  static func configuration(_ change: (inout Configuration) -> Void = { _ in }) -> Configuration {
    var configuration = Configuration()
    configuration.device = "rtx4090"
    configuration.kvBlocks = 400
    configuration.sloTTFT = 500
    change(&configuration)
    return configuration
  }

  static func timeline(steps: Int, _ commands: [PlacedCommand] = []) throws -> Timeline {
    var timeline = Timeline(try Run(configuration(), trace: trace))
    while timeline.head.step < steps {
      for placed in commands where placed.step == timeline.head.step { try timeline.apply(placed.command) }
      guard try timeline.advance() else { break }
    }
    return timeline
  }
}
