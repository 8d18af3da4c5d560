/// A model file the bench cannot use: what is wrong, where, and the way out. Always one line.
public struct GGUFError: Error, Equatable, CustomStringConvertible {
  public enum Problem: Error, Equatable, Sendable {
    case unreadable(String)
    case empty
    case notGGUF
    case bigEndian
    case unsupportedVersion(UInt32)
    /// The file ends inside `what`, which begins at byte `offset`.
    case cutShort(what: String, offset: Int, needs: UInt64, remaining: Int)
    /// A count that even the smallest items would not let fit into the rest of the file.
    case tooMany(what: String, count: UInt64, offset: Int, remaining: Int)
    case invalidText(what: String, offset: Int)
    case unknownValueType(key: String, type: UInt32, offset: Int)
    case invalidBool(key: String, value: UInt8, offset: Int)
    case nestedTooDeep(key: String, limit: Int)
    case duplicateKey(String)
    case invalidAlignment(UInt64)
    case duplicateTensor(String)
    case dimensionCount(tensor: String, UInt32)
    case emptyDimension(tensor: String)
    case tooLarge(tensor: String)
    case unsupportedType(tensor: String, type: UInt32)
    case brokenRow(tensor: String, width: Int, type: TensorType)
    case misaligned(tensor: String, offset: UInt64, alignment: Int)
    case truncated(tensor: String, needs: UInt64, remaining: UInt64)
    // What a reader of the contents can find wrong.
    case missingKey(String)
    case wrongKind(key: String, expected: String, found: String)
    case outOfRange(key: String, value: String, allowed: String)
    case missingTensor(String)
    case wrongShape(tensor: String, expected: [Int], found: [Int])
    case unsupportedArchitecture(String)
    case unsupportedTokenizer(String)
    case unsupportedPreTokenizer(String)
    case lengthMismatch(key: String, count: Int, expected: Int)
    case unsupportedTemplate(opening: String)
  }

  public let file: String
  public let problem: Problem

  public init(file: String, _ problem: Problem) {
    self.file = file
    self.problem = problem
  }

  public var description: String { "\(file.oneLine(limit: 300)): \(sentence)" }

  private var sentence: String {
    switch problem {
    case .unreadable(let reason): "\(reason) — check the path"
    case .empty: "the file is empty — copy it again"
    case .notGGUF: "does not begin with GGUF — give a model in GGUF format"
    case .bigEndian: "is big-endian — convert it for a little-endian machine"
    case .unsupportedVersion(let version): "GGUF version \(version); versions 2 and 3 can be read — convert it again"
    case .cutShort(let what, let offset, let needs, let remaining):
      "\(what.oneLine()) at byte \(offset) needs \(needs) bytes, \(remaining) remain — copy the file again"
    case .tooMany(let what, let count, let offset, let remaining):
      "\(count) \(what.oneLine()) at byte \(offset) cannot fit into the remaining \(remaining) bytes — copy the file again"
    case .invalidText(let what, let offset): "\(what.oneLine()) at byte \(offset) is not UTF-8 — copy the file again"
    case .unknownValueType(let key, let type, let offset):
      "\(key.oneLine()) has the unknown type \(type) at byte \(offset) — convert it again"
    case .invalidBool(let key, let value, let offset):
      "\(key.oneLine()) is \(value) at byte \(offset); a bool is 0 or 1 — convert it again"
    case .nestedTooDeep(let key, let limit): "\(key.oneLine()) nests arrays more than \(limit) deep — convert it again"
    case .duplicateKey(let key): "\(key.oneLine()) is given twice — convert it again"
    case .invalidAlignment(let alignment): "general.alignment is \(alignment); it must be a power of two — convert it again"
    case .duplicateTensor(let name): "tensor \(name.oneLine()) is given twice — convert it again"
    case .dimensionCount(let name, let count):
      "tensor \(name.oneLine()) has \(count) dimensions; 1 to 4 can be read — convert it again"
    case .emptyDimension(let name): "tensor \(name.oneLine()) has a dimension of 0 — convert it again"
    case .tooLarge(let name): "tensor \(name.oneLine()) has more elements than can be counted — copy the file again"
    case .unsupportedType(let name, let type):
      "tensor \(name.oneLine()) is \(TensorType.name(of: type)); \(TensorType.supportedNames) can be read — quantise it again"
    case .brokenRow(let name, let width, let type):
      "tensor \(name.oneLine()) has rows of \(width), not a multiple of the \(type.elementsPerBlock) in a \(type.name) block — convert it again"
    case .misaligned(let name, let offset, let alignment):
      "tensor \(name.oneLine()) is at \(offset), not a multiple of the alignment \(alignment) — convert it again"
    case .truncated(let name, let needs, let remaining):
      "tensor \(name.oneLine()) needs \(needs) bytes, \(remaining) remain — copy the file again"
    case .missingKey(let key): "has no \(key.oneLine()) — convert it again"
    case .wrongKind(let key, let expected, let found):
      "\(key.oneLine()) is \(found), not \(expected) — convert it again"
    case .outOfRange(let key, let value, let allowed):
      "\(key.oneLine()) is \(value.oneLine()); \(allowed) can be used — convert it again"
    case .missingTensor(let name): "has no tensor \(name.oneLine()) — convert it again"
    case .wrongShape(let name, let expected, let found):
      "tensor \(name.oneLine()) has the shape \(found), not \(expected) — convert it again"
    case .unsupportedArchitecture(let name):
      "architecture \(name.oneLine()); llama, qwen2 and qwen3 can be run — choose another model"
    case .unsupportedTokenizer(let name):
      "tokenizer \(name.oneLine()); gpt2 and llama can be used — choose another model"
    case .unsupportedPreTokenizer(let name):
      "pre-tokenizer \(name.oneLine()); \(PreTokenizer.supportedNames) can be used — choose another model"
    case .lengthMismatch(let key, let count, let expected):
      "\(key.oneLine()) has \(count) items for \(expected) tokens — convert it again"
    case .unsupportedTemplate(let opening):
      "chat template “\(opening.oneLine(limit: 40))” is not one of \(ChatTemplate.supportedNames) — use raw prompts"
    }
  }
}

extension String {
  /// On one line and not long, whatever a file holds: control characters are shown as `\u{…}`.
  func oneLine(limit: Int = 80) -> String {
    var text = ""
    for (index, scalar) in unicodeScalars.enumerated() {
      if index == limit { return text + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
        text += "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
