/// An array of a file's metadata, left in the file until its items are asked for.
///
/// It was walked once when the file was opened, so its items are known to lie inside the file; a vocabulary of 150,000
/// strings costs that walk and nothing else.
public struct GGUFArray: Sendable {
  public let kind: GGUFValue.Kind
  public let count: Int
  let file: MappedFile
  /// Of the first item, and one past the last.
  let range: Range<Int>

  init(kind: GGUFValue.Kind, count: Int, file: MappedFile, range: Range<Int>) {
    self.kind = kind
    self.count = count
    self.file = file
    self.range = range
  }

  /// Calls `body` with the bytes of each string, in order; does nothing for other kinds.
  public func forEachString(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard kind == .string else { return }
    var cursor = ByteCursor(file.bytes, at: range.lowerBound)
    for _ in 0..<count {
      guard let string = try? cursor.string("") else { return }
      body(string)
    }
  }

  /// The strings; nil for other kinds. What is not UTF-8 is shown as U+FFFD.
  public var strings: [String]? {
    guard kind == .string else { return nil }
    var strings: [String] = []
    strings.reserveCapacity(count)
    forEachString { strings.append(String(decoding: $0, as: UTF8.self)) }
    return strings
  }

  /// Integers of any size; nil for other kinds and where one does not fit.
  public var integers: [Int]? { elements { $0.integer } }

  /// Floating-point numbers as stored in 32 bits or rounded to them; nil for other kinds.
  public var floats: [Float]? { elements { value in value.number.map { Float($0) } } }

  /// All items. For the big ones prefer the accessors above.
  public var values: [GGUFValue] { elements { $0 } ?? [] }

  private func elements<T>(_ convert: (GGUFValue) -> T?) -> [T]? {
    var cursor = ByteCursor(file.bytes, at: range.lowerBound)
    var elements: [T] = []
    elements.reserveCapacity(count)
    for _ in 0..<count {
      guard let value = try? cursor.value(kind, key: "", in: file), let element = convert(value) else { return nil }
      elements.append(element)
    }
    return elements
  }

  /// The items as they stand in the file.
  var encoded: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }
}

extension GGUFArray {
  /// Arrays deeper than this are nobody's metadata.
  static let depthLimit = 8

  public init(_ strings: [String]) {
    var bytes: [UInt8] = []
    for string in strings { bytes.append(string: string) }
    self.init(kind: .string, count: strings.count, bytes: bytes)
  }

  public init(_ integers: [Int32]) {
    var bytes: [UInt8] = []
    for integer in integers { bytes.append(integer: integer) }
    self.init(kind: .int32, count: integers.count, bytes: bytes)
  }

  public init(_ floats: [Float]) {
    var bytes: [UInt8] = []
    for float in floats { bytes.append(integer: float.bitPattern) }
    self.init(kind: .float32, count: floats.count, bytes: bytes)
  }

  /// An array of arrays.
  public init(_ arrays: [GGUFArray]) {
    var bytes: [UInt8] = []
    for array in arrays { bytes.append(array: array) }
    self.init(kind: .array, count: arrays.count, bytes: bytes)
  }

  private init(kind: GGUFValue.Kind, count: Int, bytes: [UInt8]) {
    self.init(kind: kind, count: count, file: MappedFile(name: "memory", bytes: bytes), range: 0..<bytes.count)
  }
}

extension ByteCursor {
  mutating func value(
    _ kind: GGUFValue.Kind, key: String, in file: MappedFile, depth: Int = 0
  ) throws(GGUFError.Problem) -> GGUFValue {
    switch kind {
    case .uint8: .uint8(try integer(key))
    case .int8: .int8(try integer(key))
    case .uint16: .uint16(try integer(key))
    case .int16: .int16(try integer(key))
    case .uint32: .uint32(try integer(key))
    case .int32: .int32(try integer(key))
    case .uint64: .uint64(try integer(key))
    case .int64: .int64(try integer(key))
    case .float32: .float32(Float(bitPattern: try integer(key)))
    case .float64: .float64(Double(bitPattern: try integer(key)))
    case .bool: .bool(try bool(key))
    case .string: .string(String(decoding: try string(key), as: UTF8.self))
    case .array: .array(try array(key, in: file, depth: depth))
    }
  }

  mutating func kind(of key: String) throws(GGUFError.Problem) -> GGUFValue.Kind {
    let start = offset
    let type: UInt32 = try integer(key)
    guard let kind = GGUFValue.Kind(rawValue: type) else { throw .unknownValueType(key: key, type: type, offset: start) }
    return kind
  }

  private mutating func bool(_ key: String) throws(GGUFError.Problem) -> Bool {
    let start = offset
    let byte: UInt8 = try integer(key)
    guard byte < 2 else { throw .invalidBool(key: key, value: byte, offset: start) }
    return byte == 1
  }

  /// Walks an array without keeping its items. Time is linear in its bytes, whatever its counts claim.
  private mutating func array(_ key: String, in file: MappedFile, depth: Int) throws(GGUFError.Problem) -> GGUFArray {
    guard depth < GGUFArray.depthLimit else { throw .nestedTooDeep(key: key, limit: GGUFArray.depthLimit) }
    let kind = try kind(of: key)
    let count = try count("items of \(key)", smallest: kind.smallest)
    let start = offset
    switch kind {
    case .bool: for _ in 0..<count { _ = try bool(key) }
    case .string: for _ in 0..<count { _ = try string(key) }
    case .array: for _ in 0..<count { _ = try array(key, in: file, depth: depth + 1) }
    default: try skip(UInt64(count * kind.smallest), key)
    }
    return GGUFArray(kind: kind, count: count, file: file, range: start..<offset)
  }
}
