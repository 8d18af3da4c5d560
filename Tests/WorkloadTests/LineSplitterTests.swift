import Core
import Testing

@testable import Workload

@Suite("Lines")
struct LineSplitterTests {
  static func lines(_ pieces: [[UInt8]]) -> [[UInt8]] {
    var splitter = LineSplitter()
    var lines: [[UInt8]] = []
    func take(_ line: LineSplitter.Line) -> Bool {
      if case .bytes(let bytes) = line { lines.append(Array(bytes)) }
      return true
    }
    for piece in pieces { piece.withUnsafeBytes { splitter.feed($0, take) } }
    splitter.finish(take)
    return lines
  }

  /// The whole text at once: CR LF is one end, every other CR or LF is one, and nothing follows the last end.
  static func naive(_ bytes: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = [[]]
    var at = 0
    while at < bytes.count {
      if bytes[at] == 13 || bytes[at] == 10 {
        if bytes[at] == 13, at + 1 < bytes.count, bytes[at + 1] == 10 { at += 1 }
        lines.append([])
      } else {
        lines[lines.count - 1].append(bytes[at])
      }
      at += 1
    }
    if lines.last == [] { lines.removeLast() }
    return lines
  }

  @Test("are the same however the bytes are cut")
  func cuts() {
    for seed in 0..<1_000 as Range<UInt64> {
      var random = SplitMix(seed: seed, purpose: "lines")
      let bytes = (0..<random.below(40)).map { _ in [10, 13, 97, 98, 13, 10][random.below(6)] as UInt8 }
      var pieces: [[UInt8]] = [[]]
      for byte in bytes {
        if random.below(4) == 0 { pieces.append([]) }
        pieces[pieces.count - 1].append(byte)
      }
      #expect(Self.lines(pieces) == Self.naive(bytes), "seed \(seed)")
    }
  }
}
