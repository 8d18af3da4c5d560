import Core

/// Weights that no product reads as they lie: loaded narrow, and made a panel of floats in a thread's scratch just before
/// they are multiplied, once for all columns.
///
/// ```
/// f8       element │ 16 rows: a byte each            then 16 scales
/// sparse   element: a map of 16 rows, 16 bits        then of each element, in order, its weights that are there, f16
/// ```
///
/// Of sparse rows as many weights are there in each: the greatest by size.
///
/// - Source: e4m3 as in Micikevicius et al. 2022 (arXiv 2209.05433), its greatest number the row's; sparse: Xia et al. 2023,
///   Flash-LLM (arXiv 2309.10285), load as sparse and compute as dense.
struct CompressedPanels: Sendable {
  enum Form: Equatable, Sendable {
    case f8
    /// Weights of each row that are there.
    case sparse(kept: Int)
  }

  let form: Form
  /// Elements of a row.
  let columns: Int

  static let rows = 16

  /// Bytes of sixteen rows.
  var bytes: Int {
    switch form {
    case .f8: columns * 16 + 16 * 4
    case .sparse(let kept): columns * 2 + 16 * kept * 2
    }
  }

  /// Floats of a panel that was expanded, `[columns, 16]`.
  var expandedBytes: Int { columns * 16 * 4 }

  /// - Parameter source: `[count, columns]`; missing rows are zero.
  func encode(_ source: UnsafePointer<Float>, count: Int, into panel: UnsafeMutableRawPointer) {
    panel.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    switch form {
    case .f8:
      for row in 0..<count {
        let values = source + row * columns
        var most: Float = 0
        for column in 0..<columns { most = max(most, abs(values[column])) }
        let scale = most > 0 ? most / 448 : 1
        panel.storeBytes(of: scale, toByteOffset: columns * 16 + row * 4, as: Float.self)
        for column in 0..<columns { panel.storeBytes(of: Self.e4m3(values[column] / scale), toByteOffset: column * 16 + row, as: UInt8.self) }
      }
    case .sparse(let kept):
      for row in 0..<count {
        let sizes = (0..<columns).map { abs(source[row * columns + $0]) }
        for column in sizes.withUnsafeBufferPointer({ placesOfGreatest(kept, of: $0) }) {
          let map = panel.load(fromByteOffset: Int(column) * 2, as: UInt16.self)
          panel.storeBytes(of: map | 1 << row, toByteOffset: Int(column) * 2, as: UInt16.self)
        }
      }
      var next = columns * 2
      for column in 0..<columns {
        var map = panel.load(fromByteOffset: column * 2, as: UInt16.self)
        while map != 0 {
          panel.storeBytes(of: Float16(source[map.trailingZeroBitCount * columns + column]), toByteOffset: next, as: Float16.self)
          next += 2
          map &= map - 1
        }
      }
    }
  }

  func expand(_ panel: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>) {
    switch form {
    case .f8:
      let scales = (panel + columns * 16).loadUnaligned(as: SIMD16<Float>.self) * 0x1p120
      for column in 0..<columns {
        let codes = SIMD16<UInt32>(truncatingIfNeeded: (panel + column * 16).loadUnaligned(as: SIMD16<UInt8>.self))
        // Exponent and fraction in their places are the number divided by 2¹²⁰, subnormals too.
        let numbers = unsafeBitCast((codes & 0x7f) &<< 20 | (codes & 0x80) &<< 24, to: SIMD16<Float>.self)
        UnsafeMutableRawPointer(target + column * 16).storeBytes(of: numbers * scales, as: SIMD16<Float>.self)
      }
    case .sparse:
      var next = (panel + columns * 2).assumingMemoryBound(to: Float16.self)
      let maps = panel.assumingMemoryBound(to: UInt16.self)
      for column in 0..<columns {
        let lanes = target + column * 16
        UnsafeMutableRawPointer(lanes).storeBytes(of: SIMD16<Float>(repeating: 0), as: SIMD16<Float>.self)
        var map = maps[column]
        while map != 0 {
          lanes[map.trailingZeroBitCount] = Float(next.pointee)
          next += 1
          map &= map - 1
        }
      }
    }
  }

  /// The nearest number of 4 exponent bits and 3 fraction bits, ties to even; beyond 448 the greatest.
  static func e4m3(_ number: Float) -> UInt8 {
    let sign: UInt8 = number.sign == .minus ? 0x80 : 0
    let size = abs(number)
    if size >= 448 { return sign | 0x7e }
    if size < 0x1p-6 { return sign | UInt8((size * 512).rounded(.toNearestOrEven)) }
    let exponent = Int(size.exponent)
    let fraction = Int(((size.significand - 1) * 8).rounded(.toNearestOrEven))
    return sign | UInt8(min(0x7e, ((exponent + 7) << 3) + fraction))
  }
}
