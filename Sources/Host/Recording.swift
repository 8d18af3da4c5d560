import Analysis
import Core
import Hardware
import KVMemory
import ServingEngine
import Transformer
import Workload

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Everything that makes a run happen again: configuration, arrivals, and what was switched when.
///
/// A file of JSON lines: a header, one line for each request (as in a workload file),
/// one for each command in order of its step, and an end that says what history it
/// must give. A file whose end is missing still opens; it only cannot be verified. Whatever the run was read from is
/// in the header, so that it replays anywhere: a model's configuration, a calibration, the rows of a profile's tables.
///
/// What a device measured, and the tokens of a real model, are inputs: there the
/// header says what the device was (`device`), requests that came have their
/// prompts spelled out, and each step has a line with what came of it. Such a
/// recording replays on a machine that has no model.
///
/// ```
/// {"schema":"workbench.recording/1","name":…,"requests":2,"labels":[""],"configuration":{…},"profile":null}
/// {"t_us":0,"prompt":120,"output":16}
/// {"t_us":40,"prompt":80,"output":16}
/// {"at":812,"axis":"policy","choice":"chunked"}
/// {"step":0,"ns":41822113,"emitted":[1],"tokens":[504],"operations":3.1e9,"bytes":1.2e8,…}
/// {"end":2047,"digest":"09441826ab210bd6","engine_ns":3501700000000}
/// ```
public struct Recording: Equatable, Sendable {
  public static let schema = "workbench.recording/1"

  public var configuration: Configuration
  public var trace: Trace
  public var commands: [PlacedCommand]
  /// What the device was, where outcomes are inputs.
  public var device: RecordedDevice.Facts?
  /// Of each step, where outcomes are inputs.
  public var outcomes: [BatchOutcome]
  /// How the run ended when the recording was closed; nil when it never was.
  public var end: End?

  public struct End: Equatable, Sendable {
    /// Steps taken.
    public var step: StepIndex
    public var digest: Digest
    public var time: EngineTime

    public init(step: StepIndex, digest: Digest, time: EngineTime) {
      self.step = step
      self.digest = digest
      self.time = time
    }
  }

  public init(
    configuration: Configuration, trace: Trace, commands: [PlacedCommand] = [], device: RecordedDevice.Facts? = nil,
    outcomes: [BatchOutcome] = [], end: End? = nil
  ) {
    self.configuration = configuration.withoutForeignProfileRows
    self.trace = trace
    self.commands = commands
    self.device = device
    self.outcomes = outcomes
    self.end = end
  }

  /// What was recorded of a run so far.
  ///
  /// - Parameter outcomes: Of each step, where outcomes are inputs.
  public init(configuration: Configuration, fleet: Fleet, commands: [PlacedCommand], outcomes: [BatchOutcome]) {
    let engine = fleet.instances[0]
    let state = engine.state
    self.init(
      configuration: configuration, trace: fleet.trace, commands: commands, device: engine.device.recordedFacts,
      outcomes: outcomes, end: End(step: fleet.stepsTaken, digest: fleet.digest, time: fleet.now))
    guard device != nil else { return }
    self.configuration.kvBlocks = state.memory.pool.blockCount
    if let language = engine.device.language {
      for number in 0..<state.arrived { trace.arrivals[number].prompt = language.spelled(trace.arrivals[number].prompt) }
    }
  }

  /// What was recorded of a timeline up to its newest moment.
  public init(configuration: Configuration, timeline: Timeline) {
    self.init(
      configuration: configuration, fleet: timeline.head.fleet, commands: timeline.commands, outcomes: timeline.outcomes)
  }

}

/// A recording that cannot be opened: file, line, what is wrong, and the way out.
public struct RecordingError: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ file: String, line: Int, _ problem: String) { description = "\(file):\(line): \(problem)" }
}

// MARK: - Writing

extension Recording {
  public func bytes() -> [UInt8] {
    var bytes: [UInt8] = []
    func line(_ value: JSONValue) {
      bytes += "\(value)".utf8
      bytes.append(UInt8(ascii: "\n"))
    }
    line([
      "schema": .string(Self.schema), "name": .string(trace.name), "requests": .integer(trace.arrivals.count),
      "labels": .array(trace.labels.map(JSONValue.string)), "configuration": JSONValue(configuration.json),
      "model_configuration": JSONValue(configuration.modelConfiguration),
      "calibration": configuration.calibration.map(JSONValue.init) ?? .null, "acceptance": JSONValue(configuration.acceptance),
      "device": device.map(JSONValue.init) ?? .null,
      "profile": configuration.profile.map(JSONValue.init) ?? .null,
    ])
    for (number, arrival) in trace.arrivals.enumerated() {
      WorkloadLine.append(arrival, number: number, labels: trace.labels, to: &bytes)
      bytes.append(UInt8(ascii: "\n"))
    }
    for placed in commands {
      line(["at": .integer(placed.step), "axis": .string(placed.command.axis), "choice": .string(placed.command.choice)])
    }
    for (step, outcome) in outcomes.enumerated() { line(RecordedOutcome.json(outcome, step: step)) }
    if let end {
      line([
        "end": .integer(end.step), "digest": .string(end.digest.description), "engine_ns": .integer(Int(end.time.nanoseconds)),
      ])
    }
    return bytes
  }
}

extension Configuration {
  /// Every option by its name.
  public var json: [(String, JSONValue)] {
    choices.map { name, value in
      switch value {
      case .text(let text): (name, .string(text))
      case .whole(let number): (name, .integer(number))
      case .number(let number): (name, JSONValue(number))
      case .none: (name, .null)
      }
    }
  }
}

extension JSONValue {
  /// Tables as the text that they were.
  init(_ profile: ProfileFiles) {
    func text(_ bytes: [UInt8]?) -> JSONValue { JSONValue(bytes.map { String(decoding: $0, as: UTF8.self) }) }
    self = [
      "folder": .string(profile.folder), "layer_ops": text(profile.layerOperations), "attention_mixed": text(profile.attention),
    ]
  }

  init(_ efficiency: Accelerator.Efficiency) {
    self = [
      "gemm": .number(efficiency.gemm), "memory": .number(efficiency.memory),
      "sustained_loss": .number(efficiency.sustainedLoss), "decode_memory": JSONValue(efficiency.decodeMemory),
      "prefill_arithmetic": JSONValue(efficiency.prefillArithmetic),
    ]
  }
}

// MARK: - Reading

extension Recording {
  private struct Header: Decodable {
    var schema: String
    var name: String
    var requests: Int
    var labels: [String]
    var configuration: Chosen
    var model_configuration: String?
    var calibration: Efficiency?
    var acceptance: String?
    var device: RecordedDevice.Facts?
    var profile: Profile?

    func configured() throws(ConfigurationError) -> Configuration {
      var configured = configuration.options.configuration(model: model_configuration)
      for (axis, choice) in configuration.axes { try configured.choose(axis, choice) }
      configured.calibration = calibration?.value
      configured.acceptance = acceptance
      configured.profile = profile.map {
        ProfileFiles(
          folder: $0.folder, layerOperations: $0.layer_ops.map { Array($0.utf8) }, attention: $0.attention_mixed.map { Array($0.utf8) })
      }
      return configured
    }
  }

  private struct Profile: Decodable {
    var folder: String
    var layer_ops, attention_mixed: String?
  }

  private struct Efficiency: Decodable {
    var gemm, memory, sustained_loss: Double
    var decode_memory, prefill_arithmetic: Double?

    var value: Accelerator.Efficiency {
      var value = Accelerator.Efficiency(gemm: gemm, memory: memory, sustainedLoss: sustained_loss, isMeasured: true)
      value.decodeMemory = decode_memory
      value.prefillArithmetic = prefill_arithmetic
      return value
    }
  }

  /// What a header says was chosen. What is missing keeps its default, so older recordings open.
  private struct Chosen: Decodable {
    var options: Options
    /// Of every axis, as it is written; numbers too.
    var axes: [(name: String, choice: String)] = []

    private struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      options = try Options(from: decoder)
      let values = try decoder.container(keyedBy: Key.self)
      for axis in AxisCatalogue.all {
        let key = Key(stringValue: axis.name)
        if let text = try? values.decode(String.self, forKey: key) {
          axes.append((axis.name, text))
        } else if let number = try? values.decode(Int.self, forKey: key) {
          axes.append((axis.name, String(number)))
        }
      }
    }
  }

  /// What is no axis.
  private struct Options: Decodable {
    var device, model, decodeDevice: String?
    var tp, pp, seed, decodeTP: Int?
    var stageLink: Double?
    var maxModelLength, blockSize, kvBlocks: Int?
    var memoryUtilization, sloTTFT, sloTPOT: Double?
    var tokensFrom: String?
    var temperature, topP, minP: Double?
    var topK: Int?
    var ignoreEOS, exactActivations: String?
    var draftModel: String?

    enum CodingKeys: String, CodingKey {
      case device, model, tp, pp, seed
      case stageLink = "pp-link", decodeDevice = "decode-device", decodeTP = "decode-tp", maxModelLength = "max-model-len"
      case blockSize = "block-size", kvBlocks = "kv-blocks", memoryUtilization = "memory-utilization"
      case sloTTFT = "slo-ttft-ms", sloTPOT = "slo-tpot-ms"
      case tokensFrom = "tokens-from", temperature, topP = "top-p", minP = "min-p", topK = "top-k", ignoreEOS = "ignore-eos", exactActivations = "exact-activations"
      case draftModel = "draft-model"
    }

    func configuration(model text: String?) -> Configuration {
      var configuration = Configuration()
      func take<Value>(_ value: Value?, _ path: WritableKeyPath<Configuration, Value>) {
        if let value { configuration[keyPath: path] = value }
      }
      take(device, \.device)
      take(model, \.model)
      take(tp, \.tensorParallel)
      configuration.decodeDevice = decodeDevice
      configuration.decodeTensorParallel = decodeTP
      take(pp, \.pipelineParallel)
      configuration.stageLink = stageLink
      take(seed.map { UInt64(truncatingIfNeeded: $0) }, \.seed)
      take(blockSize, \.blockSize)
      take(memoryUtilization, \.memoryUtilization)
      if !configuration.isMeasured { configuration.draftModel = draftModel }
      configuration.kvBlocks = kvBlocks
      configuration.maxModelLength = maxModelLength
      configuration.sloTTFT = sloTTFT
      configuration.sloTPOT = sloTPOT
      configuration.modelConfiguration = text
      if let temperature {
        // Which file it was is asked only when the run shall go on.
        let name = tokensFrom ?? configuration.model
        var tokens = RealModel(name: name, source: BuiltInModel(rawValue: name).map { .builtIn($0) } ?? .file(name))
        tokens.sampler.temperature = temperature
        if let topK { tokens.sampler.topK = topK }
        if let topP { tokens.sampler.topP = topP }
        if let minP { tokens.sampler.minP = minP }
        tokens.ignoresEndOfText = ignoreEOS == "on"
        tokens.activationsAreExact = exactActivations == "on"
        if configuration.isMeasured, let draftModel {
          tokens.draft = RealModel.Draft(name: draftModel, source: BuiltInModel(rawValue: draftModel).map { .builtIn($0) } ?? .file(draftModel))
        }
        configuration.tokens = tokens
      }
      return configuration
    }
  }

  private struct Tail: Decodable {
    var at, end: Int?
    var axis, choice, digest: String?
    var engine_ns: Int64?
  }

  /// Opens a recording. A line that was cut off at the very end is left out.
  public init(_ bytes: [UInt8], name file: String) throws(RecordingError) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let decoder = JSONDecoder()
    guard let first = lines.first, let header = try? decoder.decode(Header.self, from: Data(first)),
      header.schema == Self.schema
    else {
      throw RecordingError(file, line: 1, "not the header of a recording (\(Self.schema)) — record the run again")
    }
    var arrivals: [Arrival] = []
    arrivals.reserveCapacity(min(max(header.requests, 0), lines.count))
    var commands: [PlacedCommand] = []
    var outcomes: [BatchOutcome] = []
    var end: End?
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      let isLast = index == lines.count - 1
      if arrivals.count < header.requests {
        do {
          let arrival = try line.withUnsafeBytes { (raw) throws(TraceFault) in
            try WorkloadLine.parse(raw, number: arrivals.count, labels: header.labels)
          }
          arrivals.append(arrival)
        } catch {
          throw RecordingError(file, line: index + 1, "\(error) — the recording is damaged here; record the run again")
        }
        continue
      }
      if line.drop(while: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: " ") }).starts(with: "\"step\"".utf8) {
        guard let recorded = try? decoder.decode(RecordedOutcome.self, from: Data(line)), recorded.step == outcomes.count else {
          if isLast { break }
          throw RecordingError(file, line: index + 1, "not what came of step \(outcomes.count) — the recording is damaged here; record the run again")
        }
        outcomes.append(recorded.outcome)
        continue
      }
      guard let tail = try? decoder.decode(Tail.self, from: Data(line)) else {
        if isLast { break }
        throw RecordingError(file, line: index + 1, "neither a command nor an end — remove the line, or record the run again")
      }
      if let step = tail.at, let axis = tail.axis, let choice = tail.choice {
        commands.append(PlacedCommand(step: step, command: Command(axis: axis, choice: choice)))
      } else if let step = tail.end, let digest = tail.digest.flatMap(Digest.init(hexadecimal:)) {
        end = End(step: step, digest: digest, time: EngineTime(nanoseconds: tail.engine_ns ?? 0))
      }
    }
    guard arrivals.count == header.requests else {
      throw RecordingError(
        file, line: lines.count, "\(arrivals.count) of \(header.requests) requests are there — the file was cut off; record the run again")
    }
    let configuration: Configuration
    do { configuration = try header.configured() } catch { throw RecordingError(file, line: 1, "\(error)") }
    self.init(
      configuration: configuration,
      trace: Trace(name: header.name, arrivals: arrivals, labels: header.labels), commands: commands, device: header.device,
      outcomes: outcomes, end: end)
  }
}
