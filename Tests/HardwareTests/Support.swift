import Core
import Foundation
import Hardware

/// The folder of measurements: `WORKBENCH_SHARED`, or `shared` beside the package; nil when absent.
let measured: URL? = {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let shared =
    ProcessInfo.processInfo.environment["WORKBENCH_SHARED"].map { URL(fileURLWithPath: $0) }
    ?? root.deletingLastPathComponent().appendingPathComponent("shared")
  let folder = shared.appendingPathComponent("measured")
  return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
}()

/// Rows of a CSV file with a header; quoted fields may hold commas.
func table(_ name: String) throws -> [[String: String]] {
  guard let measured else { return [] }
  let text = try String(contentsOf: measured.appendingPathComponent(name), encoding: .utf8)
  var lines = text.split(whereSeparator: \.isNewline).map(fields)
  let header = lines.removeFirst()
  return lines.map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
}

private func fields(_ line: Substring) -> [String] {
  var fields: [String] = []
  var field = ""
  var quoted = false
  for character in line {
    switch character {
    case "\"": quoted.toggle()
    case "," where !quoted:
      fields.append(field)
      field = ""
    default: field.append(character)
    }
  }
  return fields + [field]
}

extension Dictionary where Key == String, Value == String {
  func number(_ field: String) -> Double { self[field].flatMap(Double.init) ?? .nan }
  func count(_ field: String) -> Int { self[field].flatMap(Int.init) ?? -1 }
}

func gpu(
  _ accelerator: String, _ model: String, ranks: Int = 1, change: (inout ModelCard) -> Void = { _ in }
) throws -> ModelledGPU {
  var card = try ModelCatalogue.model(named: model)
  change(&card)
  return try ModelledGPU(
    accelerator: try AcceleratorCatalogue.accelerator(named: accelerator), model: card, tensorParallel: ranks)
}

extension Batch.Slot {
  /// One new token at the end of `context` tokens.
  static func decode(_ number: Int, context: Int) -> Self {
    Self(request: RequestID(number), first: context - 1, count: 1, promptCount: 1, outputs: max(0, context - 1), samples: true)
  }
  /// A chunk of a prompt; it samples when it reaches the prompt's end.
  static func chunk(_ number: Int, after history: Int = 0, count: Int, of prompt: Int? = nil) -> Self {
    let prompt = prompt ?? history + count
    return Self(
      request: RequestID(number), first: history, count: count, promptCount: prompt, outputs: 0,
      samples: history + count == prompt)
  }
}

/// Decodes, all with the same context.
func decodes(_ count: Int, context: Int) -> Batch {
  Batch(slots: (0..<count).map { .decode($0, context: context) })
}

func duration(_ device: ModelledGPU, _ batch: Batch) throws -> EngineTime {
  var device = device
  return try device.execute(batch).duration
}
