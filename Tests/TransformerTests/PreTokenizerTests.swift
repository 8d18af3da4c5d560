import Core
import Foundation
import Testing

@testable import Transformer

@Suite("Pre-tokenizers")
struct PreTokenizerTests {
  private func pieces(_ text: String, _ preTokenizer: PreTokenizer) -> [String] {
    var text = text
    return text.withUTF8 { bytes in
      var pieces: [String] = []
      var start = 0
      while start < bytes.count {
        let end = preTokenizer.end(ofPieceAt: start, in: bytes)
        pieces.append(String(decoding: bytes[start..<end], as: UTF8.self))
        start = end
      }
      return pieces
    }
  }

  @Test("gpt-2: a word takes its space along, a run of spaces leaves one")
  func gpt2() {
    #expect(pieces("Hello  world's 123abc!?\n\n x", .gpt2) == ["Hello", " ", " world", "'s", " 123", "abc", "!?", "\n\n", " x"])
    #expect(pieces("end   ", .gpt2) == ["end", "   "])
  }

  @Test("smollm: every digit alone, and spaces before it too")
  func smollm() {
    #expect(pieces("in 2024  7x", .smollm) == ["in", " ", "2", "0", "2", "4", "  ", "7", "x"])
  }

  @Test("llama-bpe: three digits, punctuation before a word, lines by their breaks")
  func llama3() {
    #expect(pieces("a1234567 (x)\n\n  y'LL", .llama3) == ["a", "123", "456", "7", " (", "x", ")\n\n", " ", " y", "'LL"])
    #expect(pieces("\t\tif", .llama3) == ["\t", "\tif"])
  }

  @Test("qwen2: as llama-bpe, a digit at a time")
  func qwen2() {
    #expect(pieces("a12 \n b", .qwen2) == ["a", "1", "2", " \n", " b"])
  }

  static let expressions: [(PreTokenizer, String)] = [
    (.gpt2, #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#),
    (
      .llama3,
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    ),
    (
      .qwen2,
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    ),
  ]

  @Test("the scanners cut where the published expressions do", arguments: expressions)
  func publishedExpressions(preTokenizer: PreTokenizer, expression: String) throws {
    let regex = try NSRegularExpression(pattern: expression)
    // The two engines differ on old controls and on the long s, and their tables of Unicode are of different years.
    let parts = [
      "a", "B", "ll", "re", "'", "'s", "'T", "'Ve", "1", "22", "½", " ", "  ", "\n", "\r\n", "\t", "\u{a0}", "\u{3000}", ".", "!?", "é",
      "日", "한", "🙂", "\u{301}", "_", "٣", "-",
    ]
    for seed in 0..<2_000 {
      var random = SplitMix(seed: UInt64(seed), purpose: "pieces")
      let text = (0..<random.below(24)).map { _ in random.element(of: parts) }.joined()
      let whole = text as NSString
      let expected = regex.matches(in: text, range: NSRange(location: 0, length: whole.length)).map { whole.substring(with: $0.range) }
      let found = pieces(text, preTokenizer)
      // Swift's == on strings would call different bytes equal.
      if found.map({ Array($0.utf8) }) != expected.map({ Array($0.utf8) }) {
        Issue.record("seed \(seed): \(text.debugDescription) is \(found), expected \(expected)")
      }
    }
  }
}
