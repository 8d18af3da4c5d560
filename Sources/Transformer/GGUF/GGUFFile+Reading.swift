// The parts of a file, in the order in which they stand.
extension GGUFFile {
  typealias Problem = GGUFError.Problem

  static func header(_ cursor: inout ByteCursor) throws(Problem) -> (version: Int, tensorCount: Int, valueCount: Int) {
    guard cursor.bytes.count > 0 else { throw .empty }
    guard cursor.bytes.prefix(4).elementsEqual("GGUF".utf8) else { throw .notGGUF }
    try cursor.skip(4, "the header")
    let version: UInt32 = try cursor.integer("the version")
    guard version == 2 || version == 3 else {
      throw version.byteSwapped == 2 || version.byteSwapped == 3 ? .bigEndian : .unsupportedVersion(version)
    }
    // A tensor takes a name, a count, one dimension, a type and an offset; a value a key, a type and a byte.
    let tensorCount = try cursor.count("tensors", smallest: 8 + 4 + 8 + 4 + 8)
    let valueCount = try cursor.count("metadata values", smallest: 8 + 4 + 1)
    return (Int(version), tensorCount, valueCount)
  }

  static func metadata(
    _ cursor: inout ByteCursor, count: Int, in file: MappedFile
  ) throws(Problem) -> (keys: [String], values: [String: GGUFValue]) {
    var keys: [String] = []
    var values: [String: GGUFValue] = [:]
    for index in 0..<count {
      let key = try cursor.text("metadata key \(index)")
      let kind = try cursor.kind(of: key)
      guard values.updateValue(try cursor.value(kind, key: key, in: file), forKey: key) == nil else { throw .duplicateKey(key) }
      keys.append(key)
    }
    return (keys, values)
  }

  static func alignment(in values: [String: GGUFValue]) throws(Problem) -> Int {
    let key = "general.alignment"
    guard let value = values[key] else { return 32 }
    guard let alignment = value.integer else { throw .wrongKind(key: key, expected: "an integer", found: "\(value.kind)") }
    // The bound keeps sums of offsets and padding far from overflow.
    guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= 1 << 32 else {
      throw .invalidAlignment(UInt64(bitPattern: Int64(alignment)))
    }
    return alignment
  }

  /// A tensor as described; its offset is not checked yet.
  struct Outline {
    let name: String
    let type: TensorType
    let shape: [Int]
    let byteCount: Int
    let offset: UInt64
  }

  static func outlines(_ cursor: inout ByteCursor, count: Int) throws(Problem) -> [Outline] {
    var outlines: [Outline] = []
    outlines.reserveCapacity(count)
    for index in 0..<count { outlines.append(try outline(&cursor, index: index)) }
    return outlines
  }

  private static func outline(_ cursor: inout ByteCursor, index: Int) throws(Problem) -> Outline {
    let name = try cursor.text("the name of tensor \(index)")
    let dimensions: UInt32 = try cursor.integer("tensor \(name)")
    guard (1...4).contains(dimensions) else { throw .dimensionCount(tensor: name, dimensions) }
    var shape: [Int] = []
    var elements = 1
    for _ in 0..<dimensions {
      let size: UInt64 = try cursor.integer("tensor \(name)")
      guard size > 0 else { throw .emptyDimension(tensor: name) }
      guard let size = Int(exactly: size) else { throw .tooLarge(tensor: name) }
      let (product, overflows) = elements.multipliedReportingOverflow(by: size)
      // Eight bytes an element are more than any type takes.
      guard !overflows, product < Int.max / 8 else { throw .tooLarge(tensor: name) }
      elements = product
      shape.append(size)
    }
    let number: UInt32 = try cursor.integer("tensor \(name)")
    guard let type = TensorType(rawValue: number) else { throw .unsupportedType(tensor: name, type: number) }
    guard shape[0] % type.elementsPerBlock == 0 else { throw .brokenRow(tensor: name, width: shape[0], type: type) }
    let byteCount = elements / type.elementsPerBlock * type.bytesPerBlock
    return Outline(
      name: name, type: type, shape: shape, byteCount: byteCount, offset: try cursor.integer("tensor \(name)"))
  }

  static func tensors(
    _ outlines: [Outline], at dataOffset: Int, alignment: Int, in file: MappedFile
  ) throws(Problem) -> ([GGUFTensor], [String: Int]) {
    let room = UInt64(max(0, file.bytes.count - dataOffset))
    var tensors: [GGUFTensor] = []
    var index: [String: Int] = [:]
    tensors.reserveCapacity(outlines.count)
    for outline in outlines {
      guard outline.offset % UInt64(alignment) == 0 else {
        throw .misaligned(tensor: outline.name, offset: outline.offset, alignment: alignment)
      }
      let remaining = outline.offset > room ? 0 : room - outline.offset
      guard UInt64(outline.byteCount) <= remaining else {
        throw .truncated(tensor: outline.name, needs: UInt64(outline.byteCount), remaining: remaining)
      }
      guard index.updateValue(tensors.count, forKey: outline.name) == nil else { throw .duplicateTensor(outline.name) }
      let start = dataOffset + Int(outline.offset)
      tensors.append(
        GGUFTensor(
          name: outline.name, type: outline.type, shape: outline.shape, range: start..<start + outline.byteCount, file: file))
    }
    return (tensors, index)
  }
}
