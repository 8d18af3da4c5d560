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
  /// How panels are kept that are made floats before they are multiplied; nil where they lie as the kernels read them.
  private let compression: CompressedPanels?

  /// Packs rows as a file has them; nothing is assumed of their alignment. They are not needed afterwards: `done` gets those
  /// bytes of `source` that were packed, part by part. The matrices of one model share one `memory`.
  public init(
    _ type: TensorType, rows: Int, columns: Int, of source: UnsafeRawBufferPointer, in memory: WeightMemory = WeightMemory(),
    pool: ThreadPool, done: (Range<Int>) -> Void = { _ in }
  ) {
    let rowBytes = ck_row_bytes(Int32(type.rawValue), columns)
    require(Self.canHold(type, columns: columns), "rows of \(columns) elements are not whole blocks of \(type.name) and of 32")
    require(source.count == rows * rowBytes, "\(source.count) bytes ≠ \(rows) rows × \(rowBytes)")
    self.type = type
    self.rows = rows
    self.columns = columns
    let panelBytes = ck_panel_bytes(Int32(type.rawValue), columns)
    let storage = memory.take(bytes: (rows + 15) / 16 * panelBytes)
    self.storage = storage
    compression = nil
    nonisolated(unsafe) let start = source.baseAddress
    let part = max(1, (2 << 20) / (16 * rowBytes))
    for first in stride(from: 0, to: panels, by: part) {
      let last = min(panels, first + part)
      pool.parallelFor(last - first) { range, _ in
        guard let start else { return }
        let (from, to) = (first + range.lowerBound, first + range.upperBound)
        ck_pack(
          Int32(type.rawValue), start + from * 16 * rowBytes, min(rows, to * 16) - from * 16, columns, storage.base + from * panelBytes)
      }
      done(first * 16 * rowBytes..<min(rows, last * 16) * rowBytes)
    }
  }

  /// Compresses a matrix of a file.
  init(_ tensor: GGUFTensor, as form: CompressedPanels.Form, in memory: WeightMemory, pool: ThreadPool) {
    let compression = CompressedPanels(form: form, columns: tensor.width)
    require(compression.expandedBytes <= ThreadPool.scratchBytes, "rows of \(tensor.width) elements do not fit a thread's scratch")
    type = .f32
    rows = tensor.rowCount
    columns = tensor.width
    self.compression = compression
    let storage = memory.take(bytes: (rows + 15) / 16 * compression.bytes)
    self.storage = storage
    let (rows, columns) = (rows, columns)
    pool.parallelFor((rows + 15) / 16) { panels, _ in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 16 * columns) { floats in
        guard let values = floats.baseAddress else { return }
        for panel in panels {
          let count = min(16, rows - panel * 16)
          for row in 0..<count { tensor.decode(row: panel * 16 + row, into: UnsafeMutableBufferPointer(start: values + row * columns, count: columns)) }
          compression.encode(values, count: count, into: storage.base + panel * compression.bytes)
        }
      }
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

  /// One row, as exact products see it.
  func decode(row: Int, into target: UnsafeMutablePointer<Float>, path: KernelPath = .best) {
    require(row >= 0 && row < rows, "row \(row) of \(rows)")
    require(compression == nil, "rows of a compressed matrix are not read one by one")
    path.table.pointee.decode_row(Int32(type.rawValue), storage.base, row, columns, target)
  }

  /// `target[c, r] = Σᵢ self[r, i] · activations[c, i]`.
  ///
  /// A column's result does not depend on the other columns, nor on how many there are.
  ///
  /// - Parameter target: `[activations.count, rows]`, columns `stride` floats apart (`rows` unless said).
  public func multiply(
    _ activations: borrowing Activations, into target: UnsafeMutablePointer<Float>, stride: Int? = nil, pool: ThreadPool,
    path: KernelPath = .best
  ) {
    Self.multiply([(self, target, stride ?? rows)], by: activations, pool: pool, path: path)
  }

  /// Several matrices times the same activations, in one loop: each into its target, columns `stride` floats apart.
  static func multiply(
    _ products: [(matrix: PackedMatrix, target: UnsafeMutablePointer<Float>, stride: Int)], by activations: borrowing Activations,
    pool: ThreadPool, path: KernelPath
  ) {
    let (count, width) = (activations.count, activations.width)
    let (floats, blocks, precision) = (activations.floats.base, activations.blocks.base, activations.precision)
    var (panels, bytes) = (0, 0)
    for product in products {
      require(product.matrix.columns == width, "activations of \(width) × a matrix of \(product.matrix.columns) columns")
      panels += product.matrix.panels
      bytes += product.matrix.bytes
    }
    // A piece of a small matrix should still be worth its claim: about 16 KiB.
    let grain = max(1, 16_384 / max(1, bytes / max(1, panels) * min(count, 8)))
    let isFloat = products.contains { !$0.matrix.isQuantised }
    pool.parallelFor(panels, grain: isFloat ? max(grain, 4) : grain) { range, thread in
      var before = 0
      for (matrix, target, stride) in products {
        let part = range.clamped(to: before..<before + matrix.panels)
        if !part.isEmpty {
          let (first, last) = (part.lowerBound - before, part.upperBound - before)
          if let compression = matrix.compression {
            let panel = pool.scratch(of: thread, bytes: compression.expandedBytes)
            for number in first..<last {
              compression.expand(matrix.storage.base + number * compression.bytes, into: panel.assumingMemoryBound(to: Float.self))
              path.table.pointee.product_exact(
                Int32(TensorType.f32.rawValue), panel, 0, 1, matrix.rows - number * 16, width, floats.assumingMemoryBound(to: Float.self),
                count, target + number * 16, stride)
            }
          } else if matrix.isQuantised && precision == .eightBits {
            path.table.pointee.product(
              Int32(matrix.type.rawValue), matrix.storage.base, first, last, matrix.rows, width,
              blocks.assumingMemoryBound(to: ck_block.self), count, target, stride,
              pool.scratch(of: thread, bytes: width / Int(CK_BLOCK) * 640))
          } else {
            path.table.pointee.product_exact(
              Int32(matrix.type.rawValue), matrix.storage.base, first, last, matrix.rows, width,
              floats.assumingMemoryBound(to: Float.self), count, target, stride)
          }
        }
        before += matrix.panels
      }
    }
  }

  /// Sixteen rows each.
  private var panels: Int { (rows + 15) / 16 }
}
