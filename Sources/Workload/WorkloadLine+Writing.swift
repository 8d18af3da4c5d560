import Core

extension WorkloadLine {
  static func appendTime(_ name: String, _ time: EngineTime, to bytes: inout [UInt8]) {
    let (microseconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000)
    bytes += (rest == 0 ? "\"\(name)_us\":\(microseconds)" : "\"\(name)_ns\":\(time.nanoseconds)").utf8
  }

  static func appendPrompt(_ prompt: Prompt, number: Int, to bytes: inout [UInt8]) {
    if let tokens = prompt.literal {
      bytes += "[".utf8
      for (position, token) in tokens.enumerated() { bytes += (position == 0 ? "\(token)" : ",\(token)").utf8 }
      bytes += "]".utf8
      return
    }
    let runs = prompt.runs ?? []
    if runs.count == 1, runs[0].stream == .own(number), runs[0].start == 0 {
      bytes += "\(runs[0].count)".utf8
      return
    }
    bytes += runs.isEmpty ? "[[]".utf8 : "[".utf8
    for (position, run) in runs.enumerated() {
      bytes += position == 0 ? "[\"".utf8 : ",[\"".utf8
      bytes += name(of: run.stream).utf8
      bytes += run.start == 0 ? "\",\(run.count)]".utf8 : "\",\(run.start),\(run.count)]".utf8
    }
    bytes += "]".utf8
  }

  /// Keys of shared streams cannot be turned back into numbers; the small numbers are looked up.
  private static let sharedNumbers: [UInt64: Int] = Dictionary(
    uniqueKeysWithValues: (0..<1_024).map { (TokenStream.shared(UInt64($0)).key, $0) })

  private static func name(of stream: TokenStream) -> String {
    let number = stream.key & 0xff_ffff_ffff_ffff
    switch stream.key >> 56 {
    case 1: return "p\(number)"
    case 2: if let number = sharedNumbers[stream.key] { return "s\(number)" }
    case 3: if number <= UInt64(Int32.max) { return "a\(number)" }
    default: break
    }
    return "#\(Digest(value: stream.key))"
  }

  static func appendText(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
