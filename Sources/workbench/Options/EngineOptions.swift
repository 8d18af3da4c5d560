import ArgumentParser
import Core
import Hardware
import Scheduling
import ServingEngine
import Validation

/// The options of the engine: the same names on the command line, on the `:` line and in summaries.
struct EngineOptions: ParsableArguments {
  @Option(help: "GPU to model: a name or alias of `list devices`, any case; or cpu, which runs a real model on this machine.")
  var device: String?

  @Option(help: ArgumentHelp("Constants of the device, from `workbench calibrate`; names the device too.", valueName: "file"))
  var calibration: String?

  @Option(help: "Model: a card of `list models`, or the path of a Hugging Face config.json; on the cpu a GGUF file, or a name of `model list`.")
  var model: String?

  @Option(help: "GPUs that share every layer.")
  var tp: Int?

  @Option(help: "Stages of a pipeline that share out the layers, each of --tp GPUs; as many batches are under way.")
  var pp: Int?

  @Option(
    help: ArgumentHelp(
      "GB/s of each GPU from a stage to the next (default: the links of a node, and a network beyond eight GPUs).", valueName: "GB/s"))
  var ppLink: Double?

  @Option(
    help: ArgumentHelp(
      "Folder with layer_ops.csv (gpu, model, tp, op, tokens, latency_us) or attention_mixed.csv (gpu, heads, kv_heads, head_dim, prefill_q, prefill_hist, n_decode, decode_kv, latency_us), or both: times measured on your machine go before the model's, linear between sizes; op: \(OperatorProfile.Operation.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "dir"))
  var profile: String?

  @Option(help: EngineOptions.help(of: "policy", "Order"))
  var policy: String?

  @Option(help: EngineOptions.help(of: "prefill", "How prompts are cut"))
  var prefill: String?

  @Option(help: EngineOptions.help(of: "placement", "Where prompts and decodes run"))
  var placement: String?

  @Option(help: EngineOptions.help(of: "reservation", "KV memory that a request is given"))
  var reservation: String?

  @Option(help: EngineOptions.help(of: "preemption", "What becomes of a preempted request's KV"))
  var preemption: String?

  @Option(help: EngineOptions.help(of: "batching", "Batching"))
  var batching: String?

  @Option(help: "Whether a step is planned while the one before it runs: on, off.")
  var asyncScheduling: String?

  @Option(help: EngineOptions.help(of: "prefix-cache", "Prefix cache"))
  var prefixCache: String?

  @Option(help: EngineOptions.help(of: "host-cache", "Host memory behind the prefix cache"))
  var hostCache: String?

  @Option(help: "Per cent of the tokens of a chunk outside the prefix that are computed again when it recurs; 100 reuses none.")
  var cacheblend: Int?

  @Option(help: EngineOptions.help(of: "kv-format", "How keys and values are kept"))
  var kvFormat: String?

  @Option(help: "One request in so many is computed with an exact cache too, where the one in use is lossy and tokens are real; 0: none.")
  var shadow: Int?

  @Option(help: EngineOptions.help(of: "attention", "Keys that attention reads"))
  var attention: String?

  @Option(help: EngineOptions.help(of: "retain", "Keys and values that a request keeps"))
  var retain: String?

  @Option(help: EngineOptions.help(of: "protect", "Tokens that are never dropped"))
  var protect: String?

  @Option(help: EngineOptions.help(of: "weights", "Weights of the projections"))
  var weights: String?

  @Option(help: EngineOptions.help(of: "speculate", "Who guesses the next tokens"))
  var speculate: String?

  @Option(help: EngineOptions.help(of: "draft-tokens", "Tokens that are guessed for each request; a number alone is fixed"))
  var draftTokens: String?

  @Option(help: EngineOptions.help(of: "draft-overlap", "Whether drafts are made while others are verified"))
  var draftOverlap: String?

  @Option(help: ArgumentHelp("Which drafts stand on a modelled GPU: shares of drafts whose first, first two, … tokens do (0.8,0.7,0.6), of trees shares in which the first, second, … guess for each position is the token (0.6+0.2,0.5+0.2), or a file of `profile-acceptance`.", valueName: "rates|file"))
  var acceptance: String?

  @Option(help: "Smaller model for --speculate draft-model: a card of `list models`; on the cpu a GGUF file or a name of `model list`.")
  var draftModel: String?

  @Option(help: "Tokens computed in a step (default: 2048; on the cpu 512).")
  var maxBatchedTokens: Int?

  @Option(help: "Requests in the batch (default: 256; on the cpu 32).")
  var maxSeqs: Int?

  @Option(help: "Tokens of a prompt and its output (default: the model's context).")
  var maxModelLen: Int?

  @Option(help: "Tokens in a KV block.")
  var blockSize: Int?

  @Option(help: "KV blocks, the reserved one included (default: computed from the device's memory, as vLLM does; on the cpu 1 GiB of them, or max-seqs whole contexts if that is less).")
  var kvBlocks: Int?

  @Option(help: "Part of the device's memory that the engine may use.")
  var memoryUtilization: Double?

  @Option(help: "Target for the time to first token, milliseconds.")
  var sloTtftMs: Double?

  @Option(help: "Target for the time per output token after the first, milliseconds.")
  var sloTpotMs: Double?

  @Option(help: "Seed of everything random.")
  var seed: UInt64?

  @OptionGroup var sampling: SamplingOptions

  @Option(help: ArgumentHelp("Engines, each on GPUs of its own, that serve the trace together.", valueName: "n"))
  var replicas: Int?

  @Option(help: EngineOptions.help(of: "router", "Which of several instances serves a request"))
  var router: String?

  @Option(help: EngineOptions.help(of: "kv-link", "What joins instances that hand requests on"))
  var kvLink: String?

  @Option(help: EngineOptions.help(of: "kv-transfer", "How keys and values that move are cut into copies"))
  var kvTransfer: String?

  @Option(help: EngineOptions.help(of: "roles", "Whether instances change between prefill and decode"))
  var roles: String?

  @Option(help: ArgumentHelp("GPU of the instances that decode (default: as --device).", valueName: "device"))
  var decodeDevice: String?

  @Option(help: ArgumentHelp("GPUs of an instance that decodes (default: as --tp).", valueName: "n"))
  var decodeTp: Int?

  /// `Order: fcfs, priority, …`, as the catalogue has it.
  private static func help(of axis: String, _ subject: String) -> ArgumentHelp {
    let members = AxisCatalogue.axis(named: axis)?.members ?? []
    return ArgumentHelp("\(subject): \(members.map(\.usage).joined(separator: ", ")).")
  }

  /// `base` with what was chosen on the command line.
  func configuration(over base: Configuration = Configuration()) throws -> Configuration {
    var configuration = base
    func take<Value>(_ value: Value?, _ path: WritableKeyPath<Configuration, Value>) {
      if let value { configuration[keyPath: path] = value }
    }
    if let calibration {
      let read: Calibration
      do {
        read = try Calibration(toml: String(decoding: try Files.bytes(of: calibration), as: UTF8.self), file: calibration)
      } catch {
        throw Fault("\(error)")
      }
      if let device, (try? AcceleratorCatalogue.accelerator(named: device))?.name != read.device {
        throw Fault("--calibration \(calibration): it is for \(read.device), not for --device \(device)")
      }
      configuration.device = read.device
      configuration.calibration = read.efficiency
    } else if device != nil {
      configuration.calibration = nil
    }
    if let device, (device == "cpu") != base.isMeasured {
      configuration = device == "cpu" ? .cpu : Configuration()
      configuration.seed = base.seed
    }
    take(device, \.device)
    take(tp, \.tensorParallel)
    take(placement, \.placement)
    take(replicas, \.replicas)
    take(router, \.router)
    take(kvLink, \.kvLink)
    take(kvTransfer, \.kvTransfer)
    take(roles, \.roles)
    take(decodeDevice.map(Optional.some), \.decodeDevice)
    take(decodeTp.map(Optional.some), \.decodeTensorParallel)
    take(pp, \.pipelineParallel)
    take(ppLink.map(Optional.some), \.stageLink)
    take(policy, \.policy)
    take(prefill, \.prefill)
    take(reservation, \.reservation)
    take(preemption, \.preemption)
    take(batching, \.batching)
    take(asyncScheduling, \.asyncScheduling)
    take(prefixCache, \.prefixCache)
    take(hostCache, \.hostCache)
    take(cacheblend, \.recomputedShare)
    take(kvFormat, \.kvFormat)
    take(attention, \.attention)
    take(retain, \.retain)
    take(protect, \.protect)
    take(shadow, \.shadow)
    take(weights, \.weights)
    take(draftTokens, \.draftTokens)
    take(draftOverlap, \.draftOverlap)
    if let acceptance {
      configuration.acceptance = Files.exists(acceptance) ? String(decoding: try Files.bytes(of: acceptance), as: UTF8.self) : acceptance
    }
    take(maxBatchedTokens, \.maxBatchedTokens)
    take(maxSeqs, \.maxSequences)
    take(maxModelLen.map(Optional.some), \.maxModelLength)
    take(blockSize, \.blockSize)
    take(kvBlocks.map(Optional.some), \.kvBlocks)
    take(memoryUtilization, \.memoryUtilization)
    take(sloTtftMs.map(Optional.some), \.sloTTFT)
    take(sloTpotMs.map(Optional.some), \.sloTPOT)
    take(seed, \.seed)
    if let profile {
      func table(_ name: String) throws -> [UInt8]? {
        let path = profile + "/" + name
        return Files.exists(path) ? try Files.bytes(of: path) : nil
      }
      configuration.profile = ProfileFiles(
        folder: profile, layerOperations: try table("layer_ops.csv"), attention: try table("attention_mixed.csv"))
    }
    if configuration.isMeasured {
      guard sampling.tokensFrom == nil else { throw Fault("--tokens-from: the cpu device has tokens of its own — give --model, or a GPU as --device") }
      configuration.tokens = try sampling.model(named: model, over: configuration.tokens, isTimed: true)
      configuration.model = configuration.tokens?.name ?? configuration.model
    } else if sampling.tokensFrom != nil || configuration.tokens != nil {
      configuration.tokens = try sampling.model(named: sampling.tokensFrom, over: configuration.tokens, isTimed: false)
    } else if sampling.isGiven {
      throw Fault("--\(sampling.given[0]): a modelled GPU has no tokens to choose from — give --device cpu, or --tokens-from")
    }
    if let draftModel {
      if configuration.isMeasured {
        configuration.tokens?.draft = try RealModel.Draft(RealModel(found: draftModel))
      } else {
        configuration.draftModel = draftModel
      }
    }
    if let speculate {
      configuration.speculate = speculate
      if speculate != "none", configuration.asyncScheduling == "on", asyncScheduling == nil {
        configuration.asyncScheduling = "off"
        complain("workbench: asynchronous scheduling is off: a plan made ahead knows no drafts")
      }
    }
    if !configuration.isMeasured, let model {
      configuration.model = model
      configuration.modelConfiguration = nil
      if model.contains("/") || model.hasSuffix(".json"), Files.exists(model) {
        configuration.modelConfiguration = String(decoding: try Files.bytes(of: model), as: UTF8.self)
      } else if model.hasSuffix(".json") {
        throw Fault("--model \(model): there is no such file — give a Hugging Face config.json or a card of `workbench list models`")
      }
    }
    try checkRanges(configuration)
    return configuration
  }

  private func checkRanges(_ configuration: Configuration) throws {
    guard (1...1_024).contains(configuration.tensorParallel) else {
      throw Fault("--tp \(configuration.tensorParallel): a whole number from 1 on is wanted")
    }
    guard (1...1_024).contains(configuration.pipelineParallel) else {
      throw Fault("--pp \(configuration.pipelineParallel): a whole number from 1 on is wanted")
    }
    if let link = configuration.stageLink, !(link > 0 && link < 1e6) { throw Fault("--pp-link \(link): GB/s above 0 are wanted") }
    guard (1...4_096).contains(configuration.blockSize) else {
      throw Fault("--block-size \(configuration.blockSize): a whole number from 1 to 4096 is wanted; vLLM's default is 16")
    }
    guard (0...1_024).contains(configuration.shadow) else {
      throw Fault("--shadow \(configuration.shadow): a whole number from 0 to 1024 is wanted")
    }
    if let length = configuration.maxModelLength, !(1...100_000_000).contains(length) {
      throw Fault("--max-model-len \(length): a whole number from 1 on is wanted")
    }
    if let blocks = configuration.kvBlocks, !(2...100_000_000).contains(blocks) {
      throw Fault("--kv-blocks \(blocks): a whole number from 2 to 100,000,000 is wanted")
    }
    guard configuration.memoryUtilization > 0, configuration.memoryUtilization <= 1 else {
      throw Fault("--memory-utilization \(configuration.memoryUtilization): a fraction above 0, at most 1, is wanted")
    }
    for (name, target) in [("ttft", configuration.sloTTFT), ("tpot", configuration.sloTPOT)] {
      if let target, !(target > 0 && target < 1e9) { throw Fault("--slo-\(name)-ms \(target): milliseconds above 0 are wanted") }
    }
  }
}
