import CKernels
import Core

/// What this machine can do at most: a second of measuring, to be kept by whoever asks.
public struct MachineLimits: Sendable, Equatable, Codable {
  public struct Rates: Sendable, Equatable, Codable {
    /// Bytes a second read from 512 MiB: memory, unless the last cache is larger.
    public var memoryBytes: Double
    /// Bytes a second read again and again from 92 MiB, the size of a small model.
    public var cacheBytes: Double
    /// Float multiply-adds and adds a second, each counted as two.
    public var floatOperations: Double
    /// Eight-bit integer multiply-adds a second, each counted as two.
    public var integerOperations: Double
  }

  public var path: String
  public var threads: Int
  public var single: Rates
  public var all: Rates

  /// The best of short repetitions, so that a busy machine spoils it least.
  public static func measure(pool: ThreadPool, path: KernelPath = .best) -> MachineLimits {
    let buffer = AlignedBuffer(bytes: 512 << 20)
    return MachineLimits(
      path: path.name, threads: pool.threads, single: rates(threads: 1, buffer: buffer, pool: ThreadPool(threads: 1), path: path),
      all: rates(threads: pool.threads, buffer: buffer, pool: pool, path: path))
  }

  private static func rates(threads: Int, buffer: AlignedBuffer, pool: ThreadPool, path: KernelPath) -> Rates {
    let slices = threads * 16
    func reading(_ bytes: Int, repeats: Int) -> Double {
      let slice = bytes / slices / 256 * 256
      return Double(slice * slices)
        / leastSeconds(repeats: repeats) {
          pool.parallelFor(slices) { range, _ in
            blackHole(path.table.pointee.read_bytes(buffer.base + range.lowerBound * slice, range.count * slice))
          }
        }
    }
    func spinning(_ operations: Double, _ body: (Int) -> Void) -> Double {
      let rounds = 20_000
      return operations * Double(rounds * threads)
        / leastSeconds(repeats: 12) { pool.parallelFor(threads) { range, _ in for _ in range { body(rounds) } } }
    }
    return Rates(
      memoryBytes: reading(buffer.count, repeats: 2), cacheBytes: reading(92 << 20, repeats: 8),
      floatOperations: spinning(24 * 16 * 2) { blackHole(path.table.pointee.spin_float($0)) },
      integerOperations: spinning(24 * 64 * 2) { blackHole(Float(path.table.pointee.spin_integer($0))) })
  }
}

@inline(never)
private func blackHole(_ value: Float) {}

private func leastSeconds(repeats: Int, _ body: () -> Void) -> Double {
  let clock = ContinuousClock()
  var least = Duration.seconds(1_000)
  for _ in 0..<repeats { least = min(least, clock.measure(body)) }
  return Double(least.components.seconds) + Double(least.components.attoseconds) * 1e-18
}
