import Core

/// Makes a GGUF file, version 3, in memory.
///
/// ```swift
/// var writer = GGUFWriter()
/// writer["general.architecture"] = .string("llama")
/// writer.append("output_norm.weight", .f32, shape: [64], bytes: ones)
/// let file = try GGUFFile(MappedFile(name: "tiny", bytes: writer.bytes))
/// ```
public struct GGUFWriter: Sendable {
  public var version: UInt32 = 3
  public var alignment = 32
  private var keys: [String] = []
  private var values: [String: GGUFValue] = [:]
  private var tensors: [(name: String, type: TensorType, shape: [Int], bytes: [UInt8])] = []

  public init() {}

  /// Values are written in the order in which their keys were first set.
  public subscript(key: String) -> GGUFValue? {
    get { values[key] }
    set {
      if values[key] == nil { keys.append(key) } else if newValue == nil { keys.removeAll { $0 == key } }
      values[key] = newValue
    }
  }

  /// `shape` is fastest first; `bytes` are blocks of the type.
  public mutating func append(_ name: String, _ type: TensorType, shape: [Int], bytes: [UInt8]) {
    let expected = shape.reduce(1, *) / type.elementsPerBlock * type.bytesPerBlock
    require(bytes.count == expected, "tensor \(name): \(bytes.count) bytes, \(expected) expected")
    tensors.append((name, type, shape, bytes))
  }

  /// A tensor of floats.
  public mutating func append(_ name: String, shape: [Int], floats: [Float]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(floats.count * 4)
    for float in floats { bytes.append(integer: float.bitPattern) }
    append(name, .f32, shape: shape, bytes: bytes)
  }

  public var bytes: [UInt8] {
    var bytes = Array("GGUF".utf8)
    bytes.append(integer: version)
    bytes.append(integer: UInt64(tensors.count))
    let keys = alignment == 32 ? keys : ["general.alignment"] + keys
    bytes.append(integer: UInt64(keys.count))
    for key in keys {
      bytes.append(string: key)
      bytes.append(value: key == "general.alignment" ? .uint32(UInt32(alignment)) : values[key]!)
    }
    var offset = 0
    for tensor in tensors {
      bytes.append(string: tensor.name)
      bytes.append(integer: UInt32(tensor.shape.count))
      for size in tensor.shape { bytes.append(integer: UInt64(size)) }
      bytes.append(integer: tensor.type.rawValue)
      bytes.append(integer: UInt64(offset))
      offset += (tensor.bytes.count + alignment - 1) / alignment * alignment
    }
    for tensor in tensors {
      bytes.pad(to: alignment)
      bytes += tensor.bytes
    }
    bytes.pad(to: alignment)
    return bytes
  }
}

extension [UInt8] {
  mutating func append(integer: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
  }

  mutating func append(string: String) {
    append(integer: UInt64(string.utf8.count))
    append(contentsOf: string.utf8)
  }

  mutating func append(array: GGUFArray) {
    append(integer: array.kind.rawValue)
    append(integer: UInt64(array.count))
    append(contentsOf: array.encoded)
  }

  mutating func append(value: GGUFValue) {
    append(integer: value.kind.rawValue)
    switch value {
    case .uint8(let value): append(integer: value)
    case .int8(let value): append(integer: value)
    case .uint16(let value): append(integer: value)
    case .int16(let value): append(integer: value)
    case .uint32(let value): append(integer: value)
    case .int32(let value): append(integer: value)
    case .uint64(let value): append(integer: value)
    case .int64(let value): append(integer: value)
    case .float32(let value): append(integer: value.bitPattern)
    case .float64(let value): append(integer: value.bitPattern)
    case .bool(let value): append(value ? 1 : 0)
    case .string(let value): append(string: value)
    case .array(let value): append(array: value)
    }
  }

  fileprivate mutating func pad(to alignment: Int) {
    append(contentsOf: repeatElement(0, count: (alignment - count % alignment) % alignment))
  }
}
