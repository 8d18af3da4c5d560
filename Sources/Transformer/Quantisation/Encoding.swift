import Core

/// A row of floats in a type of a file: what weights are encoded to again when they are loaded.
extension TensorType {
  /// Of whole blocks. Only F16, Q8_0 and Q4_0.
  ///
  /// - Source: ggml, `quantize_row_q8_0_ref` and `quantize_row_q4_0_ref`.
  func encode(_ row: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer) {
    for block in 0..<count / elementsPerBlock {
      let values = row + block * elementsPerBlock
      let bytes = target + block * bytesPerBlock
      switch self {
      case .f16: bytes.storeBytes(of: Float16(values[0]).bitPattern.littleEndian, as: UInt16.self)
      case .q8_0:
        var most: Float = 0
        for index in 0..<32 { most = max(most, abs(values[index])) }
        let scale = most / 127
        bytes.storeBytes(of: Float16(scale).bitPattern.littleEndian, as: UInt16.self)
        for index in 0..<32 {
          bytes.storeBytes(of: Int8(scale > 0 ? (values[index] / scale).rounded() : 0), toByteOffset: 2 + index, as: Int8.self)
        }
      case .q4_0:
        // The number of greatest size becomes −8.
        var most: Float = 0
        for index in 0..<32 where abs(values[index]) > abs(most) { most = values[index] }
        let scale = most / -8
        bytes.storeBytes(of: Float16(scale).bitPattern.littleEndian, as: UInt16.self)
        func code(_ index: Int) -> UInt8 { scale == 0 ? 8 : UInt8(min(15, max(0, values[index] / scale + 8.5))) }
        for index in 0..<16 { bytes.storeBytes(of: code(index) | code(index + 16) << 4, toByteOffset: 2 + index, as: UInt8.self) }
      default: fatalError("weights are not encoded to \(name)")
      }
    }
  }
}

extension GGUFTensor {
  /// The matrix in another type, row after row.
  func encoded(as type: TensorType, pool: ThreadPool) -> [UInt8] {
    let rowBytes = width / type.elementsPerBlock * type.bytesPerBlock
    return [UInt8](unsafeUninitializedCapacity: rowCount * rowBytes) { bytes, count in
      nonisolated(unsafe) let start = UnsafeMutableRawPointer(bytes.baseAddress)
      pool.parallelFor(rowCount, grain: 16) { rows, _ in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { row in
          guard let start, let values = row.baseAddress else { return }
          for index in rows {
            decode(row: index, into: row)
            type.encode(values, count: width, into: start + index * rowBytes)
          }
        }
      }
      count = rowCount * rowBytes
    }
  }
}
