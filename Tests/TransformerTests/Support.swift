import Core
import Foundation
import TestSupport

@testable import Transformer

/// A file that exists only in memory.
func file(_ bytes: [UInt8], name: String = "tiny.gguf") throws -> GGUFFile {
  try GGUFFile(MappedFile(name: name, bytes: bytes))
}

/// The problem that opening such a file reports; nil when it opens.
func problem(_ bytes: [UInt8]) -> GGUFError.Problem? {
  do throws(GGUFError) {
    _ = try GGUFFile(MappedFile(name: "tiny.gguf", bytes: bytes))
    return nil
  } catch {
    return error.problem
  }
}

extension SplitMix {
  mutating func element<T>(of choices: [T]) -> T { choices[below(choices.count)] }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

  /// Text of a bit of everything: words, numbers, white space, accents, scripts, emoji, any scalar at all.
  mutating func text(upTo count: Int) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<below(count + 1) {
      switch below(8) {
      case 0...2: text.append(contentsOf: element(of: ["the", "a", "Token", "it's", "WE'LL", "naïve", "x"]).unicodeScalars)
      case 3: text.append(contentsOf: element(of: [" ", "  ", "\n", "\r\n", "\t", " \n ", "\u{a0}", "\u{3000}"]).unicodeScalars)
      case 4: text.append(contentsOf: element(of: ["0", "1234567", "½", "٣", "Ⅷ"]).unicodeScalars)
      case 5: text.append(contentsOf: element(of: ["'", "'s", "...", "—", "🙂", "👩‍🔬", "<|im_end|>", "{}"]).unicodeScalars)
      case 6: text.append(contentsOf: element(of: ["日本語", "한국어", "Ελλ", "здра", "हिन्दी", "עברית"]).unicodeScalars)
      default: text.append(Unicode.Scalar(UInt32(below(0x110000))) ?? "?")
      }
    }
    return String(text)
  }
}

/// A byte-level BPE whose merges were learnt from `corpus`, as a file would give it.
func bytePairFile(pre: String = "gpt-2", corpus: [String] = ["the token ", "it's the ", "日本", "naïve", "1234"], specials: [String] = []) -> GGUFWriter {
  var tokens: [[UInt8]] = (0...255).map { [UInt8($0)] }
  var merges: [String] = []
  for word in corpus {
    var whole: [UInt8] = []
    for byte in word.utf8 {
      let left = whole
      whole.append(byte)
      guard left.count > 0, !tokens.contains(whole) else { continue }
      tokens.append(whole)
      merges.append("\(ByteAlphabet.encode(left)) \(ByteAlphabet.encode([byte]))")
    }
  }
  var writer = GGUFWriter()
  writer["tokenizer.ggml.model"] = .string("gpt2")
  writer["tokenizer.ggml.pre"] = .string(pre)
  writer["tokenizer.ggml.tokens"] = .array(GGUFArray(tokens.map { ByteAlphabet.encode($0) } + specials))
  writer["tokenizer.ggml.token_type"] = .array(
    GGUFArray([Int32](repeating: 1, count: tokens.count) + [Int32](repeating: 3, count: specials.count)))
  writer["tokenizer.ggml.merges"] = .array(GGUFArray(merges))
  return writer
}

/// A SentencePiece vocabulary: three control tokens, the bytes, letters, and `pieces` with falling scores.
func sentencePieceFile(_ pieces: [String], hasBytes: Bool = true) -> GGUFWriter {
  var tokens = ["<unk>", "<s>", "</s>"]
  var kinds: [Int32] = [2, 3, 3]
  var scores: [Float] = [0, 0, 0]
  if hasBytes {
    for byte in 0...255 {
      tokens.append("<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) + ">")
      kinds.append(6)
      scores.append(0)
    }
  }
  for (rank, piece) in pieces.enumerated() {
    tokens.append(piece)
    kinds.append(1)
    scores.append(-Float(rank))
  }
  var writer = GGUFWriter()
  writer["tokenizer.ggml.model"] = .string("llama")
  writer["tokenizer.ggml.tokens"] = .array(GGUFArray(tokens))
  writer["tokenizer.ggml.token_type"] = .array(GGUFArray(kinds))
  writer["tokenizer.ggml.scores"] = .array(GGUFArray(scores))
  writer["tokenizer.ggml.bos_token_id"] = .uint32(1)
  writer["tokenizer.ggml.eos_token_id"] = .uint32(2)
  writer["tokenizer.ggml.unknown_token_id"] = .uint32(0)
  return writer
}
