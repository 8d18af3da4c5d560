import Core
import Foundation
import TestSupport
import Testing

@testable import Transformer

/// SmolLM2-135M-Instruct against what two other implementations say of it.
enum SmolLM2 {
  private static let environment = ProcessInfo.processInfo.environment

  /// The folder named by `WORKBENCH_GOLDEN_SMOLLM2`, else `golden/smollm2` of the shared data.
  static let golden = environment["WORKBENCH_GOLDEN_SMOLLM2"].map { URL(fileURLWithPath: $0) }
    ?? SharedData.root.appendingPathComponent("golden/smollm2")

  /// The file named by `WORKBENCH_SMOLLM2_GGUF`, else where `workbench model get smollm2` puts it.
  static let model: String = {
    if let path = environment["WORKBENCH_SMOLLM2_GGUF"] { return path }
    let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
    return cache + "/workbench/models/SmolLM2-135M-Instruct.Q4_1.gguf"
  }()

  static let hasModel = FileManager.default.fileExists(atPath: model)
  static let hasAll = hasModel && FileManager.default.fileExists(atPath: golden.appendingPathComponent("model.json").path)
  static let absent: Comment = "needs ../shared/golden/smollm2 (or WORKBENCH_GOLDEN_SMOLLM2) and the model: workbench model get smollm2 (or WORKBENCH_SMOLLM2_GGUF)"

  static func records<T: Decodable>(_ name: String, as type: T.Type) throws -> [T] {
    try String(contentsOf: golden.appendingPathComponent(name), encoding: .utf8).split(separator: "\n")
      .map { try JSONDecoder().decode(type, from: Data($0.utf8)) }
  }
}

@Suite("SmolLM2: file and tokenizer", .enabled(if: SmolLM2.hasAll, SmolLM2.absent))
struct SmolLM2Tests {
  private func outline() throws -> [String: Any] {
    let data = try Data(contentsOf: SmolLM2.golden.appendingPathComponent("model.json"))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test("the file is the one that was measured")
  func identity() throws {
    let outline = try outline()
    let file = try MappedFile(SmolLM2.model)
    #expect(file.bytes.count == outline["bytes"] as? Int)
    #expect(SHA256.hexadecimal(of: file.bytes) == outline["sha256"] as? String)
  }

  @Test("every key has the recorded value")
  func metadata() throws {
    let outline = try outline()
    let file = try GGUFFile(SmolLM2.model)
    var expected = try #require(outline["metadata"] as? [String: Any])
    #expect(expected.removeValue(forKey: "GGUF.version") as? Int == file.version)
    #expect(expected.removeValue(forKey: "GGUF.tensor_count") as? Int == file.tensors.count)
    #expect(expected.removeValue(forKey: "GGUF.kv_count") as? Int == file.keys.count)
    #expect(file.keys.sorted() == expected.keys.sorted())
    for key in file.keys {
      let value = try #require(file[key])
      switch value {
      case .array(let array):
        if let strings = expected[key] as? [String] {
          #expect(array.strings == strings)
        } else {
          let summary = try #require(expected[key] as? [String: Any])
          let lines = array.strings ?? array.integers?.map(String.init) ?? []
          #expect(summary["len"] as? Int == lines.count)
          #expect(summary["sha256_of_lines"] as? String == SHA256.hexadecimal(of: Array(lines.joined(separator: "\n").utf8)))
        }
      case .string(let text): #expect(expected[key] as? String == text)
      case .bool(let truth): #expect(expected[key] as? Bool == truth)
      case .float32, .float64: #expect(expected[key] as? Double == value.number)
      default: #expect(expected[key] as? Int == value.integer)
      }
    }
  }

  @Test("every tensor has the recorded type, shape and place")
  func tensors() throws {
    let outline = try outline()
    let file = try GGUFFile(SmolLM2.model)
    #expect(file.alignment == outline["alignment"] as? Int)
    #expect(file.dataOffset == outline["data_offset"] as? Int)
    let expected = try #require(outline["tensors"] as? [[String: Any]])
    #expect(file.tensors.count == expected.count)
    for (tensor, expected) in zip(file.tensors, expected) {
      #expect(tensor.name == expected["name"] as? String)
      #expect(tensor.type.name == expected["type"] as? String)
      #expect(tensor.shape == expected["shape"] as? [Int])
      #expect(tensor.range.lowerBound == expected["offset"] as? Int)
      #expect(tensor.range.count == expected["bytes"] as? Int)
    }
  }

  @Test("every token has the recorded bytes; the ends of generation are the recorded ones")
  func pieces() throws {
    let outline = try outline()
    let tokenizer = try Tokenizer(GGUFFile(SmolLM2.model))
    var bytes: [UInt8] = []
    for token in 0..<tokenizer.vocabulary.count {
      let piece = tokenizer.bytes(of: TokenID(token))
      bytes.append(integer: UInt16(piece.count))
      bytes += piece
    }
    #expect(SHA256.hexadecimal(of: bytes) == outline["vocab_piece_sha256"] as? String)
    let ends = outline.first { $0.key.contains("eog") || $0.key.contains("end_of_gen") }?.value as? [Int]
    #expect(tokenizer.endsOfGeneration.map { Int($0) } == ends)
  }

  struct TokenizerRecord: Decodable {
    let id: String
    let text: String
    let parse_special: Bool
    let ids: [TokenID]
    let piece_hex: [String]
    let decoded: String
    let decoded_no_special: String?
  }

  @Test("every recorded text has the recorded ids, and comes back")
  func tokenizer() throws {
    let tokenizer = try Tokenizer(GGUFFile(SmolLM2.model))
    let records = try SmolLM2.records("tokenizer.jsonl", as: TokenizerRecord.self)
    #expect(records.count >= 100)
    for record in records {
      let tokens = tokenizer.encode(record.text, parseSpecial: record.parse_special)
      #expect(tokens == record.ids, "\(record.id): \(record.text.debugDescription)")
      let pieces = record.ids.map { tokenizer.bytes(of: $0).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
      #expect(pieces == record.piece_hex, "\(record.id)")
      #expect(Array(tokenizer.decode(record.ids).utf8) == Array(record.decoded.utf8), "\(record.id)")
      if let text = record.decoded_no_special { #expect(tokenizer.decode(record.ids, showsSpecial: false) == text, "\(record.id)") }
    }
  }

  struct TemplateRecord: Decodable {
    struct Message: Decodable {
      let role: String
      let content: String
    }
    let id: String
    let messages: [Message]
    let add_generation_prompt: Bool
    let text: String
    let ids: [TokenID]
  }

  @Test("every recorded conversation is written as the template does")
  func templates() throws {
    let file = try GGUFFile(SmolLM2.model)
    let tokenizer = try Tokenizer(file)
    let template = try #require(try ChatTemplate(file, tokenizer))
    for record in try SmolLM2.records("chat_template.jsonl", as: TemplateRecord.self) {
      let messages = record.messages.map { ChatMessage(role: $0.role, content: $0.content) }
      let text = template.text(of: messages, invitesAnswer: record.add_generation_prompt)
      #expect(Array(text.utf8) == Array(record.text.utf8), "\(record.id)")
      #expect(tokenizer.encode(text, parseSpecial: true) == record.ids, "\(record.id)")
    }
  }

  struct PromptRecord: Decodable {
    let text: String
    let ids: [TokenID]
    let greedy: [TokenID]
    let greedy_text: String
  }

  @Test("every recorded prompt has the recorded ids, every recorded answer the recorded text")
  func prompts() throws {
    let tokenizer = try Tokenizer(GGUFFile(SmolLM2.model))
    for record in try SmolLM2.records("prompts.jsonl", as: PromptRecord.self) {
      #expect(tokenizer.encode(record.text, parseSpecial: true) == record.ids)
      #expect(tokenizer.decode(record.greedy) == record.greedy_text)
    }
  }

  @Test("opening takes milliseconds, a megabyte of text less than a second")
  func speed() throws {
    let clock = ContinuousClock()
    let opening = try clock.measure { _ = try GGUFFile(SmolLM2.model) }
    let file = try GGUFFile(SmolLM2.model)
    let building = try clock.measure { _ = try Tokenizer(file) }
    let tokenizer = try Tokenizer(file)
    let text = try String(contentsOf: SmolLM2.golden.appendingPathComponent("text.txt"), encoding: .utf8)
    let encoding = clock.measure { _ = tokenizer.encode(text) }
    let rate = Double(text.utf8.count) / 1e6 / (encoding / .seconds(1))
    print("SmolLM2: opened in \(opening), tokenizer in \(building), encoded \(rate) MB/s")
    // Ten times what was measured, for machines that are busy.
    #expect(opening < .milliseconds(50))
    #expect(building < .milliseconds(500))
    #expect(rate > 1)
  }
}
