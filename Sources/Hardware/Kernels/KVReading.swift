import Core

/// What an attention kernel does to read keys and values in a format, besides attention.
///
/// Codes are made numbers on the SM's integer and conversion lanes, each element of a key or value once for all query rows
/// that a unit has, while the tensor cores score: what an SM needs for a token it walks is
///
/// ```
/// 2 · head width · operations / (64 · clock)
/// ```
///
/// beside what it needs in f16. Operations of an element: four and two bits are masked, shifted, converted, multiplied and
/// offset (five: Lin et al., QServe, arXiv 2405.04532, 5.3); eight-bit integers are converted and multiplied; eight-bit
/// floats are what the kernels on 8-bit KV were measured with, and have none of their own; of a bitmap each bit that is set is
/// found (leading zeros: 16 results a clock, so four), cleared, its element's place reckoned and the element put there (seven),
/// and what was pruned costs nothing. 64 results of each a clock and SM
/// are the CUDA C++ Programming Guide's (throughput of native arithmetic instructions, compute capability 8.0 to 9.0). The
/// rotation of queries and results (`int4-hadamard`) is log₂ 64 additions an element of a query, which is nothing beside
/// its context. All this is modelled and was not held against measurements, but for f16 and f8.
struct KVReading: Equatable, Sendable {
  /// Of an element of a key or value, scales included, on average.
  let bytesPerElement: Double
  let operationsPerElement: Double

  init(_ format: KVFormat, headDimension: Int) {
    bytesPerElement = format == .f16 ? 2 : Double(format.bytesPerTokenInTiles(kvHeads: 1, headWidth: headDimension)) / Double(2 * headDimension)
    operationsPerElement =
      switch format {
      case .f16, .f8: 0
      case .int8, .bfp8: 2
      case .int4, .int4Hadamard, .kivi2: 5
      case .magnitudeSparse(let percent): 7 * Double(percent) / 100
      }
  }

  /// µs for the codes of so many tokens of one KV head on one SM.
  func microseconds(tokens: Double, headDimension: Int, on chip: Chip) -> Double {
    2 * tokens * Double(headDimension) * operationsPerElement / (64 * chip.clock)
  }
}
