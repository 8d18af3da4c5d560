import Core
import Testing

@testable import Workload

@Suite("Damage of any kind")
struct TraceReaderFuzzTests {
  static let fragments: [[UInt8]] = [
    "-1", "0", "99999999999999999999", "1e308", "-1e-9999", "NaN", "\"", "\\", "\\ud800", "{", "}", "[", "]", ",", ":",
    "null", "\r", "\n", "\u{0}", "[[]]", "[[", "a-1", "p99999999999999999999", "s0", "2024-02-30 00:00:00", "#", "\u{feff}",
    "2147483648", "9223372036854775807", "18446744073709551615", ";", "\t", "é", "\"schema\":\"workbench.workload/1\"",
  ].map { Array($0.utf8) } + [[0xff], [0xc3], [0xff, 0xfe], [0x80, 0x80]]

  static func damaged(_ sample: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = sample
    for _ in 0...random.below(4) {
      let at = random.below(bytes.count + 1)
      switch random.below(6) {
      case 0: bytes.removeSubrange(at...)
      case 1: if at < bytes.count { bytes[at] = UInt8(truncatingIfNeeded: random.next()) }
      case 2: if at < bytes.count { bytes.removeSubrange(at..<min(at + 1 + random.below(8), bytes.count)) }
      case 3: bytes.insert(contentsOf: fragments[random.below(fragments.count)], at: at)
      case 4: bytes.insert(contentsOf: bytes[random.below(at + 1)..<at], at: at)
      default: if at < bytes.count { bytes[at] ^= 1 << random.below(8) }
      }
    }
    return bytes
  }

  @Test("never stops the program, and what is read keeps its promises", arguments: Samples.all)
  func storm(format: String, text: String) throws {
    for seed in 0..<400 as Range<UInt64> {
      var random = SplitMix(seed: seed, purpose: "damage to \(text.count) bytes of \(format)")
      let bytes = Self.damaged(Array(text.utf8), &random)
      var options = TraceOptions()
      options.lenient = random.below(4) > 0
      options.skip = random.below(3)
      options.limit = random.below(3) == 0 ? random.below(4) : nil
      options.rateScale = [1, 0.5, 3, 1e-6][random.below(4)]
      if random.below(4) == 0 { options.format = TraceFormats.catalogue[random.below(TraceFormats.catalogue.count)].name }
      do throws(TraceError) {
        var reader = TraceReader(name: "damaged", options: options)
        let cut = random.below(bytes.count + 1)
        try bytes[..<cut].withUnsafeBufferPointer { (piece) throws(TraceError) in try reader.feed(UnsafeRawBufferPointer(piece)) }
        try bytes[cut...].withUnsafeBufferPointer { (piece) throws(TraceError) in try reader.feed(UnsafeRawBufferPointer(piece)) }
        let reading = try reader.finish()
        let arrivals = reading.trace.arrivals
        #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $0.time <= $1.time }, "seed \(seed)")
        #expect(arrivals.allSatisfy { $0.time >= .zero && $0.outputLimit >= 1 }, "seed \(seed)")
        #expect(arrivals.allSatisfy { Int($0.label) < reading.trace.labels.count }, "seed \(seed)")
        #expect(arrivals.allSatisfy { $0.prompt.count <= TraceLimits.tokens }, "seed \(seed)")
        let written = WorkloadWriter.bytes(reading.trace)
        #expect(try! TraceReader.read(written, name: "again").trace == reading.trace, "seed \(seed)")
      } catch {
        let line = error.description
        #expect(!line.contains("\n") && line.utf8.count < 700 && line.utf8.allSatisfy { $0 >= 0x20 }, "seed \(seed): \(line)")
      }
    }
  }
}
