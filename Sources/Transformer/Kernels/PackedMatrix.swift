import CKernels
import Core

/// A matrix of weights, sixteen rows side by side, in as many bits as the file has (Q4_K: 3 % more).
///
/// Rows that lie side by side are the lanes of a vector: a product sums nothing across lanes, which makes it fast, and makes
/// its order the same for one column and for many, on any path and any number of threads.
///
/// ```
/// let matrix = PackedMatrix(.q4_1, rows: 1536, columns: 576, of: bytes, pool: pool)
/// activations.load(x, columns: 8, width: 576)
/// matrix.multiply(activations, into: y, pool: pool)   // y: [8, 1536]
/// ```
public struct PackedMatrix: Sendable {
  public let type: TensorType
  public let rows: Int
  /// Elements of a row; whole blocks of the type, and whole blocks of 32.
  public let columns: Int
  private let storage: AlignedBuffer

  /// Packs rows as a file has them; nothing is assumed of their alignment. They are not needed afterwards. The matrices of
  /// one model share one `memory`.
  public init(_ type: TensorType, rows: Int, columns: Int, of source: UnsafeRawBufferPointer, in memory: WeightMemory = WeightMemory(), pool: ThreadPool) {
    let rowBytes = ck_row_bytes(Int32(type.rawValue), columns)
    require(Self.canHold(type, columns: columns), "rows of \(columns) elements are not whole blocks of \(type.name) and of 32")
    require(source.count == rows * rowBytes, "\(source.count) bytes ≠ \(rows) rows × \(rowBytes)")
    self.type = type
    self.rows = rows
    self.columns = columns
    let panelBytes = ck_panel_bytes(Int32(type.rawValue), columns)
    let storage = memory.take(bytes: (rows + 15) / 16 * panelBytes)
    self.storage = storage
    nonisolated(unsafe) let start = source.baseAddress
    pool.parallelFor((rows + 15) / 16) { panels, _ in
      guard let start else { return }
      ck_pack(
        Int32(type.rawValue), start + panels.lowerBound * 16 * rowBytes, min(rows, panels.upperBound * 16) - panels.lowerBound * 16,
        columns, storage.base + panels.lowerBound * panelBytes)
    }
  }

  /// Whether rows of `columns` elements of a type can be packed.
  public static func canHold(_ type: TensorType, columns: Int) -> Bool {
    columns > 0 && columns % Int(CK_BLOCK) == 0 && columns % type.elementsPerBlock == 0
      && columns / Int(CK_BLOCK) * 640 <= ThreadPool.scratchBytes
  }

  public var bytes: Int { storage.count }

  /// Whether the product wants activations of eight bits; float weights take them as floats.
  public var isQuantised: Bool { type.elementsPerBlock > 1 }

  /// `target[c, r] = Σᵢ self[r, i] · activations[c, i]`.
  ///
  /// A column's result does not depend on the other columns, nor on how many there are.
  ///
  /// - Parameter target: `[activations.count, rows]`, columns `stride` floats apart (`rows` unless said).
  public func multiply(
    _ activations: borrowing Activations, into target: UnsafeMutablePointer<Float>, stride: Int? = nil, pool: ThreadPool,
    path: KernelPath = .best
  ) {
    let count = activations.count
    require(activations.width == columns, "activations of \(activations.width) × a matrix of \(columns) columns")
    let stride = stride ?? rows
    let panels = (rows + 15) / 16
    nonisolated(unsafe) let target = target
    let isExact = !isQuantised || activations.precision == .exact
    let source = isExact ? activations.floats : activations.blocks
    // A piece of a small matrix should still be worth its claim: about 16 KiB.
    let grain = max(1, 16_384 / max(1, bytes / panels * min(count, 8)))
    pool.parallelFor(panels, grain: isExact && !isQuantised ? max(grain, 4) : grain) { range, thread in
      if isExact {
        path.table.pointee.product_exact(
          Int32(type.rawValue), storage.base, range.lowerBound, range.upperBound, rows, columns,
          source.base.assumingMemoryBound(to: Float.self), count, target, stride)
      } else {
        path.table.pointee.product(
          Int32(type.rawValue), storage.base, range.lowerBound, range.upperBound, rows, columns,
          source.base.assumingMemoryBound(to: ck_block.self), count, target, stride,
          pool.scratch(of: thread, bytes: columns / Int(CK_BLOCK) * 640))
      }
    }
  }
}
