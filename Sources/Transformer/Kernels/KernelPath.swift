import CKernels
import Core

/// One way to do the arithmetic on this machine: plain C, AVX2, AVX-512, NEON.
///
/// All give the same bits, so which one runs is a matter of time only. See `CKernels.h` for shapes and orders.
public struct KernelPath: Sendable {
  public let name: String
  // Points at a constant table of the program.
  nonisolated(unsafe) let table: UnsafePointer<ck_kernels>

  init(_ table: UnsafePointer<ck_kernels>) {
    self.table = table
    name = String(cString: table.pointee.name)
  }

  /// The fastest of this machine.
  public static let best = KernelPath(ck_best())

  /// All that this machine can run, the plain one first.
  public static let all: [KernelPath] = (0..<Int32(CK_PATHS)).compactMap { path in ck_path(path).map(KernelPath.init) }
}

extension KernelPath {
  /// `target[i] = source[i] · weight[i] / √(mean source² + epsilon)`.
  ///
  /// Source: Zhang & Sennrich 2019, "Root Mean Square Layer Normalization".
  @inline(__always)
  public func rmsNorm(
    _ source: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, count: Int, into target: UnsafeMutablePointer<Float>
  ) {
    table.pointee.rms_norm(source, weight, epsilon, count, target)
  }

  /// In place.
  @inline(__always)
  public func softmax(_ values: UnsafeMutablePointer<Float>, count: Int) { table.pointee.softmax(values, count) }

  /// `target[i] = SiLU(gate[i]) · up[i]`; `target` may be either of them.
  ///
  /// Source: Shazeer 2020, "GLU Variants Improve Transformer".
  @inline(__always)
  public func siluMultiply(
    gate: UnsafePointer<Float>, up: UnsafePointer<Float>, count: Int, into target: UnsafeMutablePointer<Float>
  ) {
    table.pointee.silu_mul(gate, up, count, target)
  }

  /// `target[i] += source[i]`.
  @inline(__always)
  public func add(_ source: UnsafePointer<Float>, count: Int, to target: UnsafeMutablePointer<Float>) {
    table.pointee.add(target, source, count)
  }

  /// Which elements of a head turn together.
  public enum RotaryLayout: Sendable {
    /// (2i, 2i + 1): Llama as GGUF has it.
    case neighbours
    /// (i, i + pairs): Qwen, GPT-NeoX.
    case halves
  }

  /// Turns the first `2 · pairs` elements of each head, in place, by the angles of one position.
  ///
  /// Source: Su et al. 2021, "RoFormer".
  @inline(__always)
  public func rotate(
    _ vectors: UnsafeMutablePointer<Float>, heads: Int, headWidth: Int, pairs: Int, cosines: UnsafePointer<Float>,
    sines: UnsafePointer<Float>, layout: RotaryLayout
  ) {
    table.pointee.rope(vectors, heads, headWidth, pairs, cosines, sines, layout == .halves ? 1 : 0)
  }

  /// To half precision, ties to even.
  @inline(__always)
  public func toHalf(_ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutablePointer<UInt16>) {
    table.pointee.to_half(source, count, target)
  }

  @inline(__always)
  public func fromHalf(_ source: UnsafePointer<UInt16>, count: Int, into target: UnsafeMutablePointer<Float>) {
    table.pointee.from_half(source, count, target)
  }
}
