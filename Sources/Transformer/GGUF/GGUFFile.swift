/// A model in GGUF, version 2 or 3: metadata by key, tensors by name, bytes left where they are.
///
/// ```
/// | GGUF, version, counts | metadata | tensor names, shapes, offsets | padding | tensors, each aligned |
/// 0                                                                            dataOffset
/// ```
///
/// Opening walks everything before `dataOffset` once and checks each count, length and offset against the file before
/// it is used. After that nothing can point outside.
///
/// - Source: ggml, docs/gguf.md.
public struct GGUFFile: Sendable {
  public let file: MappedFile
  public let version: Int
  public let alignment: Int
  /// Where the tensors begin.
  public let dataOffset: Int
  /// In the order of the file.
  public let keys: [String]
  public let tensors: [GGUFTensor]
  private let values: [String: GGUFValue]
  private let tensorIndex: [String: Int]

  public init(_ path: String) throws(GGUFError) { try self.init(MappedFile(path)) }

  public init(_ file: MappedFile) throws(GGUFError) {
    do {
      var cursor = ByteCursor(file.bytes)
      let header = try Self.header(&cursor)
      let metadata = try Self.metadata(&cursor, count: header.valueCount, in: file)
      let alignment = try Self.alignment(in: metadata.values)
      let outlines = try Self.outlines(&cursor, count: header.tensorCount)
      // A file of metadata alone may end before the padding.
      let padding = (alignment - cursor.offset % alignment) % alignment
      let dataOffset = outlines.isEmpty ? min(cursor.offset + padding, file.bytes.count) : cursor.offset + padding
      self.file = file
      version = header.version
      self.alignment = alignment
      self.dataOffset = dataOffset
      (keys, values) = metadata
      (tensors, tensorIndex) = try Self.tensors(outlines, at: dataOffset, alignment: alignment, in: file)
    } catch {
      throw GGUFError(file: file.name, error)
    }
  }

  public var name: String { file.name }

  public subscript(key: String) -> GGUFValue? { values[key] }

  public func tensor(_ name: String) -> GGUFTensor? { tensorIndex[name].map { tensors[$0] } }

  public func error(_ problem: GGUFError.Problem) -> GGUFError { GGUFError(file: name, problem) }
}

// What a reader of the contents needs: present and of the right kind, or one line that says what is wrong.
extension GGUFFile {
  public func text(_ key: String) throws(GGUFError) -> String { try read(key, "a string") { $0.text } }
  public func integer(_ key: String) throws(GGUFError) -> Int { try read(key, "an integer") { $0.integer } }
  public func number(_ key: String) throws(GGUFError) -> Double { try read(key, "a floating-point number") { $0.number } }
  public func array(_ key: String) throws(GGUFError) -> GGUFArray { try read(key, "an array") { $0.array } }

  /// Where a key may be absent: `fallback` then, but never for a value of the wrong kind.
  public func text(_ key: String, or fallback: String) throws(GGUFError) -> String { self[key] == nil ? fallback : try text(key) }
  public func integer(_ key: String, or fallback: Int) throws(GGUFError) -> Int { self[key] == nil ? fallback : try integer(key) }
  public func number(_ key: String, or fallback: Double) throws(GGUFError) -> Double { self[key] == nil ? fallback : try number(key) }
  public func truth(_ key: String, or fallback: Bool) throws(GGUFError) -> Bool {
    self[key] == nil ? fallback : try read(key, "a bool") { $0.truth }
  }

  private func read<T>(_ key: String, _ expected: String, _ convert: (GGUFValue) -> T?) throws(GGUFError) -> T {
    guard let value = self[key] else { throw error(.missingKey(key)) }
    guard let converted = convert(value) else {
      throw error(.wrongKind(key: key, expected: expected, found: value.array.map { "array of \($0.kind)" } ?? "\(value.kind)"))
    }
    return converted
  }
}
