import Core
import Foundation
import Hardware
import Testing

@testable import Transformer

@Suite("Weights in other formats")
struct WeightEncodingTests {
  static let pool = ThreadPool(threads: 2)
  static let formats: [WeightFormat] = [.f16, .f8, .int8, .int4, .sparse(zeros: 50), .sparse(zeros: 90)]

  private func logits(_ file: GGUFFile, _ format: WeightFormat, pool: ThreadPool = pool, columns: Int = 1) throws -> [Float] {
    let model = try PackedLlama(file, storing: format, pool: pool)
    var scratch = ForwardScratch(model, precision: .exact, pool: pool)
    var cache = KVStore(model.shape, blockCount: 8, tokensPerBlock: 16)
    let tokens = RandomModel.tokens(41, seed: 7)
    var logits: [Float] = []
    for first in stride(from: 0, to: 41, by: columns) {
      let part = Array(tokens[first..<min(41, first + columns)])
      logits += model.forward([SequenceSpan(tokens: part, first: first, table: Array(0..<8), logits: 0..<part.count)], in: &cache, scratch: &scratch)
    }
    return logits
  }

  /// The same weights as floats, rounded by a naive copy of the format.
  private func rounded(_ writer: GGUFWriter, _ format: WeightFormat) throws -> GGUFFile {
    let original = try file(writer.bytes)
    var rounded = GGUFWriter()
    for key in original.keys { rounded[key] = writer[key] }
    for tensor in original.tensors {
      var floats = tensor.floats
      if tensor.shape.count == 2, tensor.name.hasPrefix("blk.") {
        for row in 0..<tensor.shape[1] {
          let range = row * tensor.shape[0]..<(row + 1) * tensor.shape[0]
          floats.replaceSubrange(range, with: Self.naive(Array(floats[range]), format))
        }
      }
      rounded.append(tensor.name, shape: tensor.shape, floats: floats)
    }
    return try file(rounded.bytes)
  }

  static func naive(_ row: [Float], _ format: WeightFormat) -> [Float] {
    func half(_ x: Float) -> Float { Float(Float16(x)) }
    func blocks(_ each: ([Float]) -> [Float]) -> [Float] { stride(from: 0, to: row.count, by: 32).flatMap { each(Array(row[$0..<$0 + 32])) } }
    switch format {
    case .asLoaded, .w4a4: return row
    case .f16: return row.map(half)
    case .int8:
      return blocks { block in
        let scale = block.map(abs).max()! / 127
        return block.map { half(scale) * ($0 / scale).rounded() }
      }
    case .int4:
      return blocks { block in
        let scale = block.max { abs($0) < abs($1) }! / -8
        return block.map { half(scale) * (min(15, max(0, ($0 / scale + 8.5).rounded(.down))) - 8) }
      }
    case .f8:
      let numbers = (0..<128).map { code -> Float in
        let (exponent, fraction) = (code >> 3, Float(code & 7))
        return exponent == 0 ? fraction * 0x1p-9 : (1 + fraction / 8) * Foundation.pow(2, Float(exponent - 7))
      }.dropLast()
      let scale = row.map(abs).max()! / 448
      return row.map { x in numbers.min { abs($0 - abs(x / scale)) < abs($1 - abs(x / scale)) }! * scale * (x < 0 ? -1 : 1) }
    case .sparse(let zeros):
      let kept = Set(row.indices.sorted { (abs(row[$0]), $1) > (abs(row[$1]), $0) }.prefix(row.count * (100 - zeros) / 100))
      return row.indices.map { kept.contains($0) ? half(row[$0]) : 0 }
    }
  }

  @Test("logits are those of a file whose weights were rounded naively", arguments: formats)
  func naive(format: WeightFormat) throws {
    let writer = RandomModel(type: .f32, seed: 11).writer
    let ours = try logits(file(writer.bytes), format)
    let expected = try logits(rounded(writer, format), .asLoaded)
    let size = expected.reduce(0) { $0 + $1 * $1 }
    let error = zip(ours, expected).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect((error / size).squareRoot() < 2e-3, "\(format.choice)")
  }

  @Test("results have the same bits for one column and many, and on any threads", arguments: [WeightFormat.f8, .sparse(zeros: 50)])
  func bits(format: WeightFormat) throws {
    let file = try file(RandomModel(type: .q8_0, seed: 3).writer.bytes)
    let alone = try logits(file, format)
    #expect(alone == (try logits(file, format, columns: 17)))
    #expect(alone == (try logits(file, format, pool: ThreadPool(threads: 1))))
  }

  @Test("memory is what the bits say")
  func bytes() throws {
    let file = try file(RandomModel(type: .f32, seed: 1).writer.bytes)
    func layers(_ format: WeightFormat) throws -> Int { try PackedLlama(file, storing: format, pool: Self.pool).weightBytes - PackedLlama(file, pool: Self.pool).output.bytes }
    // Rows of whole panels: 64 × (64 + 32 + 32 + 64) and 96 × 64 twice, 64 × 96.
    let weights = 2 * (64 * (64 + 32 + 32 + 64) + 3 * 64 * 96)
    #expect(try layers(.f16) == weights * 2)
    #expect(try layers(.int8) == weights * 34 / 32)
    #expect(try layers(.int4) == weights * 18 / 32)
    #expect(try layers(.sparse(zeros: 50)) == weights * (2 + 16) / 16, "two bytes for every other weight, and a bit for each")
  }
}

@Suite("SmolLM2 in other formats", .enabled(if: SmolLM2.hasAll, SmolLM2.absent), .serialized)
struct SmolLM2WeightTests {
  @Test("perplexity of a text with exact activations: int8 costs less than 1 %, four bits and pruning more", .timeLimit(.minutes(5)))
  func perplexity() throws {
    var found: [String: Double] = [:]
    for format: WeightFormat in [.asLoaded, .int8, .f8, .int4, .sparse(zeros: 50)] {
      let model = try LocalModel(GGUFFile(SmolLM2.model), name: "smollm2", precision: .exact, storing: format)
      let tokens = Array(model.passages.prefix(128))
      let score = model.scores(of: tokens, choices: [CacheChoice()], window: 128)[0]
      found[format.choice.description] = score.exactPerplexity
      print("SmolLM2, weights \(format.choice): perplexity \(score.exactPerplexity), \(model.weights.weightBytes) bytes")
    }
    let base = try #require(found["as-loaded"])
    for (name, bound) in [("int8", 0.01), ("f8", 0.05), ("int4", 0.5)] {
      #expect(abs((found[name] ?? 0) / base - 1) < bound, "\(name)")
    }
    #expect((found["sparse"] ?? 0) > (found["int4"] ?? 0))
  }
}
