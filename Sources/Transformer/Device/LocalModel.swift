import Core
public import Hardware
import Synchronization

/// A model that was opened for the CPU device: what all devices that use it, copies and forks, have in common.
public struct LocalModel: Sendable {
  /// `smollm2`, or the file's name.
  public let name: String
  public let weights: PackedLlama
  public let language: ModelLanguage
  public let precision: Activations.Precision
  /// In what the weights of its layers are kept.
  public let format: WeightFormat
  let workspace: Workspace
  private let file: GGUFFile

  public var shape: LlamaShape { weights.shape }
  public var threads: Int { workspace.threads }

  /// - Parameter threads: Nil for one on each core.
  public init(
    _ file: GGUFFile, name: String, threads: Int? = nil, precision: Activations.Precision = .eightBits, storing format: WeightFormat = .asLoaded
  ) throws(GGUFError) {
    try self.init(file, name: name, precision: precision, storing: format, pool: ThreadPool(threads: threads ?? ThreadPool.coresOnline))
  }

  /// A second model on the threads of a first; they take turns.
  public init(_ file: GGUFFile, name: String, beside other: LocalModel) throws(GGUFError) {
    try self.init(file, name: name, precision: other.precision, storing: .asLoaded, pool: other.workspace.pool)
  }

  private init(_ file: GGUFFile, name: String, precision: Activations.Precision, storing format: WeightFormat, pool: ThreadPool) throws(GGUFError) {
    self.name = name
    self.precision = precision
    self.file = file
    self.format = format
    weights = try PackedLlama(file, storing: format, pool: pool)
    language = try ModelLanguage(file, vocabulary: weights.shape.vocabulary)
    workspace = Workspace(weights, precision: precision, pool: pool)
  }

  private init(_ other: LocalModel, storing format: WeightFormat) throws(GGUFError) {
    (name, language, precision, file) = (other.name, other.language, other.precision, other.file)
    self.format = format
    weights = try PackedLlama(file, storing: format, pool: other.workspace.pool)
    workspace = Workspace(weights, precision: precision, pool: other.workspace.pool)
    workspace.takeHeads(of: other.workspace)
  }

  /// The same model with the weights of its layers in another format, made from its file; on the same threads, they take turns.
  public func storing(_ format: WeightFormat) throws(GGUFError) -> LocalModel { try LocalModel(self, storing: format) }
}

/// Threads and scratch, used by one device at a time.
///
/// A class because devices are copied and these are not: what a pass leaves in its scratch means nothing to the next, so
/// it does not matter whose pass that was.
final class Workspace: @unchecked Sendable {
  let pool: ThreadPool
  var threads: Int { pool.threads }
  private var scratch: ForwardScratch
  private var found: [[Int]]?
  private var foundPatterns: [HeadPattern]?
  private var ranking: [Int]?
  private let lock = Mutex(())

  init(_ weights: PackedLlama, precision: Activations.Precision, pool: ThreadPool) {
    self.pool = pool
    scratch = ForwardScratch(weights, precision: precision, pool: pool)
  }

  /// Found by `find` when it is first asked for.
  func channels(_ find: (inout ForwardScratch) -> [[Int]]) -> [[Int]] {
    use { scratch in
      if let found { return found }
      let channels = find(&scratch)
      found = channels
      return channels
    }
  }

  /// The same.
  func patterns(_ find: (inout ForwardScratch) -> [HeadPattern]) -> [HeadPattern] {
    use { scratch in
      if let foundPatterns { return foundPatterns }
      let patterns = find(&scratch)
      foundPatterns = patterns
      return patterns
    }
  }

  /// Retrieval heads stay those that were found: tables are folded for them.
  func takeHeads(of other: Workspace) { ranking = other.use { _ in other.ranking } }

  /// Key heads by how far they look, found likewise.
  func heads(_ find: (inout ForwardScratch) -> [Int]) -> [Int] {
    use { scratch in
      if let ranking { return ranking }
      let heads = find(&scratch)
      ranking = heads
      return heads
    }
  }

  func use<Value>(_ body: (inout ForwardScratch) -> Value) -> Value { lock.withLock { _ in body(&scratch) } }
}
