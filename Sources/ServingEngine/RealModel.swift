import Core
import Hardware
import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A model whose tokens are real: which file, and how a token is chosen.
public struct RealModel: Equatable, Sendable {
  public enum Source: Equatable, Sendable {
    case file(String)
    case builtIn(BuiltInModel)
  }

  /// As people and recordings call it.
  public var name: String
  public var source: Source
  /// Its seed is the run's.
  public var sampler = Sampler()
  /// Outputs get the lengths of the trace, whatever the model says.
  public var ignoresEndOfText = false
  /// Products take activations as floats: slower, and free of the error of rounding them to eight bits.
  public var activationsAreExact = false
  /// Threads that compute; nil for one on each core.
  public var threads: Int?
  /// What is known of the machine; nil when nobody measured it.
  public var machine: MeasuredMachine?
  /// A smaller model of the same vocabulary that may draft, beside the one that the model brings along.
  public var draft: Draft?

  public struct Draft: Equatable, Sendable {
    public var name: String
    public var source: Source

    public init(name: String, source: Source) {
      self.name = name
      self.source = source
    }

    public init(_ model: RealModel) { self.init(name: model.name, source: model.source) }
  }

  public init(name: String, source: Source) {
    self.name = name
    self.source = source
  }

  /// The model that may draft for `model`: the chosen one; for the larger built-in model the smaller; else none.
  func openDraft(beside model: LocalModel) throws(ConfigurationError) -> LocalModel? {
    let small = BuiltInModel.small
    let standard = source == .builtIn(.large) && small.file != nil ? Draft(name: small.rawValue, source: .builtIn(small)) : nil
    guard let draft = draft ?? standard else { return nil }
    do {
      let file: MappedFile
      switch draft.source {
      case .file(let path): file = try MappedFile(path)
      case .builtIn(let builtIn):
        guard let found = builtIn.file else { throw ConfigurationError("--draft-model \(draft.name): this program was built without it — give a GGUF file") }
        file = found
      }
      let opened = try LocalModel(GGUFFile(file), name: draft.name, beside: model)
      guard opened.language.hasSameTokens(as: model.language) else {
        throw ConfigurationError("--draft-model \(draft.name): its tokens are not those of \(model.name) — give a smaller model of the same family")
      }
      return opened
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw ConfigurationError("--draft-model: \(error)")
    }
  }

  /// - Parameter format: In which the weights of its layers are kept.
  func open(storing format: WeightFormat) throws(ConfigurationError) -> LocalModel {
    let precision: Activations.Precision = activationsAreExact ? .exact : .eightBits
    do {
      switch source {
      case .file(let path): return try LocalModel(GGUFFile(path), name: name, threads: threads, precision: precision, storing: format)
      case .builtIn(let model):
        guard let file = model.file else {
          throw ConfigurationError("--model \(name): this program was built without it — give a GGUF file")
        }
        return try LocalModel(GGUFFile(file), name: name, threads: threads, precision: precision, storing: format)
      }
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw ConfigurationError("--model: \(error)")
    }
  }
}

extension RealModel {
  /// Bytes.
  static var physicalMemory: Int { Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE))) }

  /// What a recording's tokens mean, where the file is at hand and could be the one: then texts can be read, though
  /// nothing is computed.
  func language(_ facts: RecordedDevice.Facts) -> ModelLanguage? {
    let file: GGUFFile? = switch source {
    case .file(let path): try? GGUFFile(path)
    case .builtIn(let model): model.file.flatMap { try? GGUFFile($0) }
    }
    guard let file, let shape = try? LlamaShape(file), shape.vocabulary == facts.vocabulary,
      let language = try? ModelLanguage(file, vocabulary: shape.vocabulary), language.endsOfText == facts.endsOfText
    else { return nil }
    return language
  }
}

extension RecordedDevice.Facts {
  /// KV memory that the CPU device takes unless asked: enough for a few conversations with a small model, and never a
  /// surprise.
  static let kvBytes = 1 << 30

  /// Blocks for `kvBytes`, or for `sequences` of whole context if that is less; the reserved one included.
  ///
  /// - Parameter noteBytes: Beside each block.
  func blocks(tokensPerBlock: Int, sequences: Int, format: KVFormat, noteBytes: Int = 0) -> Int {
    let whole = sequences * ((contextLength + tokensPerBlock - 1) / tokensPerBlock)
    return 1 + max(1, min(whole, Self.kvBytes / (kvBytesPerToken(format) * tokensPerBlock + noteBytes)))
  }
}
