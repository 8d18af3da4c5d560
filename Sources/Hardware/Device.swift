public import Core

/// What carries out batches: a modelled GPU, or a real transformer.
///
/// A device is a value: a copy is a fork that shares nothing with the original.
/// It owns neither the clock nor the KV memory; it says how long a step took and what came out.
public protocol Device: Sendable {
  /// One line for people: chip, model, how many of them.
  var name: String { get }
  /// True when durations come from equations, false when they were measured as they happened.
  var isModelled: Bool { get }
  /// The GPU that its times are modelled on, with its datasheet and the errors of its kernels; nil when there is none.
  var modelledGPU: ModelledGPU? { get }

  /// Computes the tokens of `batch`: one outcome slot for each slot, in its order.
  mutating func execute(_ batch: Batch) throws(DeviceError) -> BatchOutcome

  /// The kernels that `execute` would run for `batch`, in order of their start; empty when it cannot tell. A device that
  /// measures tells what ran in the outcome.
  func kernels(of batch: Batch) -> [KernelRun]

  /// Of its model: prompts may go through them in parts. 1 where they do not.
  var layers: Int { get }

  /// Whether two batches can run at the same time on shares of its SMs.
  var sharesSMs: Bool { get }

  /// Lanes for them; nil where it cannot be divided.
  func sharedLanes() -> (any BatchLanes)?

  /// Lanes for the stages of a pipeline, each a batch on its way; nil for a device that is none.
  func stageLanes() -> (any BatchLanes)?

  /// Into how many nano-batches it cuts a batch at most; 1 where it does not.
  var nanoBatches: Int { get }

  /// The same device cutting batches so, or not (1); nil where it cannot.
  func nanoBatched(_ most: Int) -> (any Device)?

  /// What its tokens mean; nil when tokens are not real. Batches say which tokens and blocks only where it is not nil.
  var language: (any Language)? { get }

  /// What remains of it in a moment that is looked at and not lived: everything but the KV memory. Its steps are not taken
  /// but told.
  var remembered: any Device { get }

  /// Puts keys and values back into KV memory, for a moment whose memory was not kept: each one's tokens from the first.
  ///
  /// - Parameter retaining: With a compaction for each sequence, which says how many tokens stay of it, and what was cut out.
  mutating func rebuild(_ sequences: [Batch.Content], _ retaining: Retaining) throws(DeviceError)

  /// Why drafts of that origin cannot be made or verified here, and the way out; nil when they can.
  func fault(of means: DraftMeans) -> String?

  /// The most drafts of one request that it can judge; nil where any number.
  var mostDrafts: Int? { get }

  /// How keys and values are kept.
  var kvFormat: KVFormat { get }

  /// Why they cannot be kept in a format; nil when they can.
  func obstacle(toKVFormat format: KVFormat, tokensPerBlock: Int) -> String?

  /// Keeps them in another format from now on, what is there too.
  ///
  /// - Parameters:
  ///   - held: Blocks with content, for a device that holds none itself.
  ///   - filling: Blocks that are not full, ascending.
  mutating func convert(to format: KVFormat, held: Int, tokensPerBlock: Int, filling: [BlockID]) throws(DeviceError) -> KVConversion

  /// In what the weights of its model are kept.
  var weights: WeightFormat { get }

  /// Why they cannot be kept in a format; nil when they can.
  func obstacle(toWeights format: WeightFormat) -> String?

  /// Bytes of the weights in a format, on each rank, where the pool has what they leave; nil where it does not depend on them.
  func weightBytes(in format: WeightFormat) -> Int?

  /// Keeps them in another format from now on. Keys and values stay.
  mutating func reload(_ format: WeightFormat) throws(DeviceError) -> WeightReload

  /// Makes drafts for the next step; nil where it has no part in it, and the drafter reads the text by itself.
  mutating func draft(_ task: DraftTask) throws(DeviceError) -> DraftOutcome?

  /// Which tokens of a request still have keys and values, head by head; nil where it chose none.
  func kept(of request: RequestID, computed: Int) -> KeptTokens?

  /// The same of a request whose heads keep different tokens; nil where it is not known which heads these are.
  func kept(_ fold: HeadFold, computed: Int, tokensPerBlock: Int) -> KeptTokens?

  /// One request in so many is computed with an exact cache too, while the one in use is lossy; 0: none. Nil where nothing is
  /// computed.
  var shadowRate: Int? { get set }

  /// Whether it wants to know a request's earlier tokens with each step.
  func wantsHistory(of request: RequestID) -> Bool

  /// How long something beside its own work took: measured where times are, zero where they are modelled.
  func timed(_ body: () -> Void) -> EngineTime
}

extension Device {
  public var layers: Int { 1 }
  public var sharesSMs: Bool { false }
  public func sharedLanes() -> (any BatchLanes)? { nil }
  public func stageLanes() -> (any BatchLanes)? { nil }
  public var nanoBatches: Int { 1 }
  public func nanoBatched(_ most: Int) -> (any Device)? { nil }
  public var language: (any Language)? { nil }
  public var remembered: any Device { self }
  public mutating func rebuild(_ sequences: [Batch.Content], _ retaining: Retaining) throws(DeviceError) {}
  public func fault(of means: DraftMeans) -> String? { means == .text ? nil : "\(name) has no layers to draft with" }
  public var mostDrafts: Int? { nil }
  public var kvFormat: KVFormat { .f16 }
  public func obstacle(toKVFormat format: KVFormat, tokensPerBlock: Int) -> String? {
    format == .f16 ? nil : "\(name) keeps keys and values in f16"
  }
  public mutating func convert(to format: KVFormat, held: Int, tokensPerBlock: Int, filling: [BlockID]) throws(DeviceError) -> KVConversion {
    KVConversion(from: kvFormat, to: format, blocks: 0, bytes: 0, duration: .zero)
  }
  public var weights: WeightFormat { .asLoaded }
  public func obstacle(toWeights format: WeightFormat) -> String? { format == .asLoaded ? nil : "\(name) keeps its weights as they are" }
  public func weightBytes(in format: WeightFormat) -> Int? { nil }
  public mutating func reload(_ format: WeightFormat) throws(DeviceError) -> WeightReload {
    throw DeviceError(device: name, problem: .failed("its weights were to be \(format.choice), but it keeps them as they are"))
  }
  public mutating func draft(_ task: DraftTask) throws(DeviceError) -> DraftOutcome? { nil }
  public func kept(of request: RequestID, computed: Int) -> KeptTokens? { nil }
  public func kept(_ fold: HeadFold, computed: Int, tokensPerBlock: Int) -> KeptTokens? { nil }
  public var shadowRate: Int? {
    get { nil }
    set {}
  }
  public func wantsHistory(of request: RequestID) -> Bool { false }
  public func timed(_ body: () -> Void) -> EngineTime {
    body()
    return .zero
  }
}

/// The tokens of a real model.
public protocol Language: Sendable {
  /// The prompt in the model's own tokens, as many of them: equal streams and positions give equal tokens.
  func spelled(_ prompt: Prompt) -> Prompt
  /// What a user says, as the model expects to be asked.
  func question(_ text: String) -> [TokenID]
  /// The text of tokens that follow others; bytes that are no UTF-8 show as U+FFFD.
  ///
  /// - Parameter showsSpecial: Tokens that steer the model show as they are spelt, otherwise not at all.
  func text(of tokens: some Sequence<TokenID>, showsSpecial: Bool) -> String
  /// Tokens that end a text.
  var endsOfText: [TokenID] { get }
}

extension Device {
  public var modelledGPU: ModelledGPU? { nil }
}

/// A device that cannot be made or cannot go on: which one, what is wrong, and the way out.
public struct DeviceError: Error, Equatable, CustomStringConvertible {
  public enum Problem: Equatable, Sendable {
    /// Bytes on each rank; `parallel` is the least number of ranks on which the weights fit, if some does.
    case weightsDoNotFit(weights: Int, memory: Int, parallel: Int?)
    /// The weights fit, but what remains holds not even one KV block.
    case noRoomForKV(needs: Int, remaining: Int)
    /// Heads cannot be shared out evenly.
    case unevenSplit(parallel: Int, heads: Int, kvHeads: Int)
    /// Anything else, as a sentence that also says the way out.
    case failed(String)
  }

  public let device: String
  public let problem: Problem

  public init(device: String, problem: Problem) {
    self.device = device
    self.problem = problem
  }

  public var description: String {
    switch problem {
    case .weightsDoNotFit(let weights, let memory, let parallel):
      "\(device): needs \(gigabytes(weights)) for weights on a GPU with \(gigabytes(memory)) to use: "
        + (parallel.map { "use --tp \($0)" } ?? "use a GPU with more memory")
    case .noRoomForKV(let needs, let remaining):
      "\(device): a KV block needs \(needs) bytes, \(remaining) remain: use a larger --tp or --memory-utilization"
    case .unevenSplit(let parallel, let heads, let kvHeads):
      "\(device): \(heads) heads and \(kvHeads) KV heads cannot be shared by \(parallel) GPUs: use a --tp that divides both"
    case .failed(let sentence):
      "\(device): \(sentence)"
    }
  }
}

/// Decimal gigabytes with one digit: `16.1 GB`.
func gigabytes(_ bytes: Int) -> String {
  let tenths = (bytes + 50_000_000) / 100_000_000
  return "\(tenths / 10).\(tenths % 10) GB"
}
