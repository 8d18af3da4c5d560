import Foundation
import Testing

@testable import Transformer

@Suite("GGUF files")
struct GGUFFileTests {
  static let everyKind: [(String, GGUFValue)] = [
    ("a.uint8", .uint8(200)), ("a.int8", .int8(-100)), ("a.uint16", .uint16(60_000)), ("a.int16", .int16(-30_000)),
    ("a.uint32", .uint32(4_000_000_000)), ("a.int32", .int32(-2_000_000_000)), ("a.uint64", .uint64(1 << 63)),
    ("a.int64", .int64(-1 << 62)), ("a.float32", .float32(1e-5)), ("a.float64", .float64(0.1)), ("a.bool", .bool(true)),
    ("a.string", .string("naïve 🙂")), ("a.strings", .array(GGUFArray(["x", "", "yz"]))),
    ("a.integers", .array(GGUFArray([1, -2, 3] as [Int32]))),
    ("a.nested", .array(GGUFArray([GGUFArray(["p"]), GGUFArray([GGUFArray([0.5 as Float])])]))),
  ]

  static func writer() -> GGUFWriter {
    var writer = GGUFWriter()
    for (key, value) in everyKind { writer[key] = value }
    writer.append("first", shape: [3, 2], floats: [1, 2, 3, 4, 5, 6])
    writer.append("second", .q8_0, shape: [32], bytes: [0x00, 0x3c] + (0..<32).map { UInt8($0) })
    return writer
  }

  @Test("what is written is read again: every kind of value, nested arrays, tensors", arguments: [2, 3] as [UInt32])
  func roundTrip(version: UInt32) throws {
    var writer = Self.writer()
    writer.version = version
    let file = try file(writer.bytes)
    #expect(file.version == Int(version))
    #expect(file.keys == Self.everyKind.map(\.0))
    for (key, value) in Self.everyKind {
      let found = try #require(file[key])
      #expect(found.kind == value.kind)
      #expect(found.description == value.description)
    }
    #expect(file["a.strings"]?.array?.strings == ["x", "", "yz"])
    #expect(file["a.integers"]?.array?.integers == [1, -2, 3])
    let nested = try #require(file["a.nested"]?.array?.values)
    #expect(nested[0].array?.strings == ["p"])
    #expect(nested[1].array?.values[0].array?.floats == [0.5])
    #expect(file.tensor("first")?.shape == [3, 2])
    #expect(file.tensor("first")?.floats == [1, 2, 3, 4, 5, 6])
    #expect(file.tensor("second")?.floats == (0..<32).map { Float($0) })
    #expect(file.tensor("third") == nil)
  }

  @Test("a tensor outlives the file it came from")
  func lifetime() throws {
    let tensor = try #require(try file(Self.writer().bytes).tensor("first"))
    #expect(tensor.floats == [1, 2, 3, 4, 5, 6])
  }

  @Test("the alignment is the file's", arguments: [1, 8, 64, 4096])
  func alignment(alignment: Int) throws {
    var writer = Self.writer()
    writer.alignment = alignment
    let file = try file(writer.bytes)
    #expect(file.alignment == alignment)
    #expect(file.tensors.allSatisfy { ($0.range.lowerBound - file.dataOffset) % alignment == 0 })
    #expect(file.tensor("second")?.floats.last == 31)
  }

  @Test("a file that is cut anywhere is one error, and never a crash")
  func everyCut() {
    let bytes = Self.writer().bytes
    // The last tensor is followed by padding.
    for count in 0..<bytes.count - 30 {
      let error = #expect(throws: GGUFError.self) { try file(Array(bytes[..<count])) }
      #expect(error?.description.contains("\n") == false)
    }
  }

  @Test("headers that are not GGUF 2 or 3 say so")
  func headers() {
    #expect(problem([]) == .empty)
    #expect(problem(Array("GGML".utf8)) == .notGGUF)
    #expect(problem(Array("GGUF".utf8) + [1, 0, 0, 0]) == .unsupportedVersion(1))
    #expect(problem(Array("GGUF".utf8) + [0, 0, 0, 3]) == .bigEndian)
    #expect(
      problem(Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 255, count: 16))
        == .tooMany(what: "tensors", count: .max, offset: 8, remaining: 8))
  }

  @Test("names given twice are errors")
  func duplicates() {
    var writer = GGUFWriter()
    writer.append("same", shape: [1], floats: [1])
    writer.append("same", shape: [1], floats: [2])
    #expect(problem(writer.bytes) == .duplicateTensor("same"))
    var bytes = Array("GGUF".utf8)
    bytes.append(integer: 3 as UInt32)
    bytes.append(integer: 0 as UInt64)
    bytes.append(integer: 2 as UInt64)
    for _ in 0..<2 {
      bytes.append(string: "key")
      bytes.append(value: .bool(true))
    }
    #expect(problem(bytes) == .duplicateKey("key"))
  }

  /// A file of one tensor, described by hand.
  private func outline(shape: [UInt64], type: UInt32 = 0, offset: UInt64 = 0, alignment: UInt32? = nil) -> [UInt8] {
    var bytes = Array("GGUF".utf8)
    bytes.append(integer: 3 as UInt32)
    bytes.append(integer: 1 as UInt64)
    bytes.append(integer: UInt64(alignment == nil ? 0 : 1))
    if let alignment {
      bytes.append(string: "general.alignment")
      bytes.append(value: .uint32(alignment))
    }
    bytes.append(string: "w")
    bytes.append(integer: UInt32(shape.count))
    for size in shape { bytes.append(integer: size) }
    bytes.append(integer: type)
    bytes.append(integer: offset)
    return bytes + [UInt8](repeating: 0, count: 256)
  }

  @Test("a tensor that cannot be is named with its fault")
  func tensors() {
    #expect(problem(outline(shape: [8])) == nil)
    #expect(problem(outline(shape: [])) == .dimensionCount(tensor: "w", 0))
    #expect(problem(outline(shape: [1, 1, 1, 1, 1])) == .dimensionCount(tensor: "w", 5))
    #expect(problem(outline(shape: [4, 0])) == .emptyDimension(tensor: "w"))
    #expect(problem(outline(shape: [1 << 32, 1 << 32])) == .tooLarge(tensor: "w"))
    #expect(problem(outline(shape: [.max])) == .tooLarge(tensor: "w"))
    #expect(problem(outline(shape: [1 << 61])) == .tooLarge(tensor: "w"))
    #expect(problem(outline(shape: [8], type: 13)) == .unsupportedType(tensor: "w", type: 13))
    #expect(problem(outline(shape: [40], type: 8)) == .brokenRow(tensor: "w", width: 40, type: .q8_0))
    #expect(problem(outline(shape: [8], offset: 4)) == .misaligned(tensor: "w", offset: 4, alignment: 32))
    #expect(problem(outline(shape: [8], offset: .max - 31)) == .truncated(tensor: "w", needs: 32, remaining: 0))
    #expect(problem(outline(shape: [8], alignment: 0)) == .invalidAlignment(0))
    #expect(problem(outline(shape: [8], alignment: 24)) == .invalidAlignment(24))
    #expect(problem(outline(shape: [8], alignment: 1 << 31)) == .truncated(tensor: "w", needs: 32, remaining: 0))
    let error = GGUFError(file: "m.gguf", .unsupportedType(tensor: "blk.0.ffn_up.weight", type: 13))
    #expect(
      error.description
        == "m.gguf: tensor blk.0.ffn_up.weight is Q5_K; F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K and Q6_K can be read — quantise it again")
  }

  @Test("arrays nested without end, bools of 2 and unknown types are errors")
  func values() {
    func metadata(_ type: UInt32, _ value: [UInt8]) -> [UInt8] {
      var bytes = Array("GGUF".utf8)
      bytes.append(integer: 3 as UInt32)
      bytes.append(integer: 0 as UInt64)
      bytes.append(integer: 1 as UInt64)
      bytes.append(string: "k")
      bytes.append(integer: type)
      return bytes + value
    }
    var deep: [UInt8] = []
    for _ in 0..<2_000 {
      deep.append(integer: 9 as UInt32)
      deep.append(integer: 1 as UInt64)
    }
    #expect(problem(metadata(9, deep)) == .nestedTooDeep(key: "k", limit: 8))
    #expect(problem(metadata(7, [2])) == .invalidBool(key: "k", value: 2, offset: 37))
    #expect(problem(metadata(13, [0])) == .unknownValueType(key: "k", type: 13, offset: 33))
  }

  @Test("names from a file cannot break the line or the terminal")
  func hostileNames() {
    let error = GGUFError(file: "a\nb", .missingTensor("x\u{1b}[2J\n" + String(repeating: "y", count: 5_000)))
    #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    #expect(error.description.count < 500)
  }

  @Test("files that cannot be mapped are one line")
  func unreadable() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gguf-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let empty = folder.appendingPathComponent("empty.gguf")
    try Data().write(to: empty)
    #expect(throws: GGUFError(file: empty.path, .empty)) { try GGUFFile(empty.path) }
    #expect(throws: GGUFError(file: folder.path, .unreadable("not a regular file"))) { try GGUFFile(folder.path) }
    #expect(throws: GGUFError(file: "/no/such/file", .unreadable("No such file or directory"))) { try GGUFFile("/no/such/file") }
    let whole = folder.appendingPathComponent("whole.gguf")
    try Data(Self.writer().bytes).write(to: whole)
    #expect(try GGUFFile(whole.path).tensor("first")?.floats == [1, 2, 3, 4, 5, 6])
  }
}
