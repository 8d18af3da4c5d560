import Core
import Speculation

extension Configuration {
  /// Options that can be chosen by name, in the order of the help.
  public static var options: [String] {
    var several = Configuration()
    several.placement = "disaggregated"
    return several.choices.map(\.name)
  }

  /// Chooses an option by the name that it has on the command line. What only an engine can tell, `engine(for:)` checks.
  public mutating func choose(_ option: String, _ text: String) throws(ConfigurationError) {
    switch option {
    case "device":
      device = text
      calibration = nil
    case "model":
      model = text
      modelConfiguration = nil
    case "tp": tensorParallel = try Self.whole(option, text, 1...1_024)
    case "decode-device": decodeDevice = text
    case "decode-tp": decodeTensorParallel = try Self.whole(option, text, 1...1_024)
    case "pp": pipelineParallel = try Self.whole(option, text, 1...1_024)
    case "pp-link": stageLink = try Self.number(option, text, above: 0, upTo: 1e6)
    case "max-model-len": maxModelLength = try Self.whole(option, text, 1...100_000_000)
    case "block-size": blockSize = try Self.whole(option, text, 1...4_096)
    case "kv-blocks": kvBlocks = try Self.whole(option, text, 2...100_000_000)
    case "memory-utilization": memoryUtilization = try Self.number(option, text, above: 0, upTo: 1)
    case "slo-ttft-ms": sloTTFT = try Self.number(option, text, above: 0, upTo: 1e9)
    case "slo-tpot-ms": sloTPOT = try Self.number(option, text, above: 0, upTo: 1e9)
    case "draft-model": draftModel = text
    case "acceptance": acceptance = text
    case "seed": seed = UInt64(try Self.whole(option, text, 0...Int.max))
    default:
      guard let axis = AxisCatalogue.axis(named: option) else {
        throw ConfigurationError("\(option): there is no such option; choose \(Self.options.joined(separator: ", "))")
      }
      let choice: Choice
      do { choice = try axis.choice(text) } catch { throw ConfigurationError(error.description) }
      try take(choice, of: axis)
    }
  }

  private mutating func take(_ choice: Choice, of axis: Axis) throws(ConfigurationError) {
    switch axis.name {
    case "policy": policy = choice.description
    case "prefill": prefill = choice.description
    case "placement": placement = choice.description
    case "reservation": reservation = choice.description
    case "preemption": preemption = choice.description
    case "batching": batching = choice.description
    case "prefix-cache": prefixCache = choice.description
    case "host-cache": hostCache = choice.description
    case "cacheblend": recomputedShare = choice.values[0]
    case "kv-format": kvFormat = choice.description
    case "shadow": shadow = choice.values[0]
    case "attention": attention = choice.description
    case "retain": retain = choice.description
    case "protect": protect = choice.description
    case "weights": weights = choice.description
    case "async-scheduling": asyncScheduling = choice.description
    case "replicas": replicas = choice.values[0]
    case "router": router = choice.description
    case "kv-link": kvLink = choice.description
    case "kv-transfer": kvTransfer = choice.description
    case "roles": roles = choice.description
    case "speculate":
      speculate = choice.description
      // A plan made ahead knows no drafts.
      if speculate != "none" { asyncScheduling = "off" }
    case "draft-tokens": draftTokens = DraftLength(choice)?.description ?? choice.description
    case "draft-overlap": draftOverlap = choice.description
    case "max-batched-tokens": maxBatchedTokens = choice.values[0]
    case "max-seqs": maxSequences = choice.values[0]
    default: throw ConfigurationError("\(axis.name): it can be switched while an engine runs, but not chosen before")
    }
  }

  private static func whole(_ option: String, _ text: String, _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
    guard let value = Int(text), range.contains(value) else {
      throw ConfigurationError("--\(option) \(text): a whole number from \(range.lowerBound) to \(range.upperBound) is wanted")
    }
    return value
  }

  private static func number(
    _ option: String, _ text: String, above least: Double, upTo most: Double
  ) throws(ConfigurationError) -> Double {
    guard let value = Double(text), value > least, value <= most else {
      throw ConfigurationError("--\(option) \(text): a number above \(least), at most \(most), is wanted")
    }
    return value
  }
}
