import Core
import Foundation
import Testing

@testable import Transformer

/// `WORKBENCH_FUZZ=100000 swift test --filter GGUFFuzz` runs more of them.
@Suite("GGUF fuzz")
struct GGUFFuzzTests {
  static let count = ProcessInfo.processInfo.environment["WORKBENCH_FUZZ"].flatMap { Int($0) } ?? 3_000

  static let seeds: [[UInt8]] = {
    var bytePairs = bytePairFile(specials: ["<|im_start|>", "<|im_end|>"])
    bytePairs["tokenizer.chat_template"] = .string("{{ '<|im_start|>' }}")
    bytePairs["tokenizer.ggml.eos_token_id"] = .uint32(260)
    bytePairs.append("w", .q4_1, shape: [32, 2], bytes: [UInt8](repeating: 7, count: 40))
    bytePairs.append("v", .q6_K, shape: [256], bytes: [UInt8](repeating: 7, count: 210))
    var pieces = sentencePieceFile(["▁", "t", "h", "e", "th", "the", "▁the"])
    pieces.append("w", .f16, shape: [8, 2, 2], bytes: [UInt8](repeating: 7, count: 64))
    return [GGUFFileTests.writer().bytes, bytePairs.bytes, pieces.bytes]
  }()

  /// One to three changes: bits, bytes, words that are special as counts, pieces cut out, doubled or moved.
  static func mutated(_ random: inout SplitMix) -> [UInt8] {
    var bytes = random.element(of: seeds)
    for _ in 0...random.below(3) {
      guard bytes.count > 16 else { break }
      // The front holds most of what can go wrong at once; behind it lie the names and kinds of tokens.
      let reach = random.below(4) == 0 ? min(bytes.count, 400) : bytes.count
      let place = random.below(reach)
      switch random.below(8) {
      case 0, 1: bytes[place] ^= 1 << UInt8(random.below(8))
      case 2: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 3, 4:
        let words: [UInt64] = [0, 1, 255, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 61, 1 << 63 - 1, 1 << 63, .max, UInt64(bytes.count)]
        var word: [UInt8] = []
        word.append(integer: random.element(of: words))
        for (index, byte) in word.prefix(random.below(2) == 0 ? 8 : 4).enumerated() where place + index < bytes.count {
          bytes[place + index] = byte
        }
      case 5 where random.below(4) == 0: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(24)))
      case 6 where random.below(4) == 0: bytes.insert(contentsOf: Array(bytes[place..<min(bytes.count, place + 1 + random.below(24))]), at: random.below(bytes.count))
      case 7 where random.below(4) == 0: bytes.removeLast(min(bytes.count, 1 + random.below(bytes.count / 2)))
      default: bytes[place] = bytes[random.below(bytes.count)]
      }
    }
    return bytes
  }

  @Test("damaged files open or give one line: no crash, no hang")
  func damage() {
    var opened = 0
    var tokenized = 0
    for seed in 0..<Self.count {
      var random = SplitMix(seed: UInt64(seed), purpose: "gguf fuzz")
      let bytes = Self.mutated(&random)
      do {
        let file = try file(bytes)
        opened += 1
        for key in file.keys { _ = file[key]?.array?.values.count }
        for tensor in file.tensors where tensor.elementCount < 1 << 20 { _ = tensor.floats.last }
        let tokenizer = try Tokenizer(file)
        tokenized += 1
        let text = random.text(upTo: 30)
        _ = tokenizer.decode(tokenizer.encode(text, parseSpecial: true))
        _ = try ChatTemplate(file, tokenizer)?.text(of: [ChatMessage(role: "user", content: text)])
      } catch {
        if "\(error)".contains("\n") || !("\(error)").hasPrefix("tiny.gguf: ") { Issue.record("seed \(seed): \(error)") }
      }
    }
    // The mutations are worth something only if many files get far.
    #expect(opened > Self.count / 10)
    #expect(tokenized > Self.count / 20)
  }
}
