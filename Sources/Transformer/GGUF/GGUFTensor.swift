import Core

/// A tensor of a file: where it lies and what it looks like. Its bytes are known to lie inside the file.
public struct GGUFTensor: Sendable {
  public let name: String
  public let type: TensorType
  /// Fastest first, as in the file: `shape[0]` elements are next to each other, a row of a matrix.
  public let shape: [Int]
  /// Of its bytes, from the start of the file.
  public let range: Range<Int>
  let file: MappedFile

  public var elementCount: Int { shape.reduce(1, *) }
  /// Elements of a row.
  public var width: Int { shape[0] }
  public var rowCount: Int { elementCount / width }
  public var bytesPerRow: Int { width / type.elementsPerBlock * type.bytesPerBlock }

  /// The blocks as they stand in the file, `[rowCount, bytesPerRow]`. Valid while the tensor is kept.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

  /// Decodes one row; `row` has room for `width` elements.
  public func decode(row index: Int, into row: UnsafeMutableBufferPointer<Float>) {
    require(index >= 0 && index < rowCount, "row \(index) of \(rowCount) of \(name)")
    require(row.count >= width, "\(row.count) of \(width) elements of \(name)")
    let blocks = UnsafeRawBufferPointer(rebasing: bytes[index * bytesPerRow..<(index + 1) * bytesPerRow])
    type.decode(blocks, into: row)
  }

  /// All elements as floats, row after row.
  public var floats: [Float] {
    [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
      type.decode(bytes, into: buffer)
      count = elementCount
    }
  }
}
