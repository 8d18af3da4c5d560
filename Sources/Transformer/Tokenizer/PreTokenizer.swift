/// Cuts text into the pieces within which a byte-level BPE merges.
///
/// Each is a published regular expression, written out as a scanner over classes of characters:
///
/// - gpt-2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
/// - smollm: every `\p{N}` alone, then gpt-2 on what lies between
/// - llama-bpe: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
/// - qwen2: as llama-bpe with `\p{N}` for `\p{N}{1,3}`
///
/// - Source: the `tokenizer.json` files of GPT-2, SmolLM2, Llama 3 and Qwen2.
public enum PreTokenizer: Sendable, CaseIterable {
  case gpt2, smollm, llama3, qwen2

  /// By the name in `tokenizer.ggml.pre`; nil for those that are not known.
  init?(named name: String) {
    switch name {
    case "gpt-2", "gpt2", "default", "phi-2", "mpt", "olmo", "jina-es", "jina-de": self = .gpt2
    case "smollm", "starcoder", "refact", "command-r", "codeshell": self = .smollm
    case "llama-bpe", "llama-v3", "llama3", "falcon3", "pixtral": self = .llama3
    case "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez": self = .qwen2
    default: return nil
    }
  }

  static var supportedNames: String { "gpt-2, smollm, llama-bpe and qwen2" }

  /// Where the piece that begins at `start` ends; later than `start`. `text` is UTF-8.
  func end(ofPieceAt start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    let scanner = PieceScanner(text: text)
    switch self {
    case .gpt2: return scanner.classic(start, digitsAlone: false)
    case .smollm: return scanner.classic(start, digitsAlone: true)
    case .llama3: return scanner.modern(start, digits: 3)
    case .qwen2: return scanner.modern(start, digits: 1)
    }
  }
}

/// The alternatives of the expressions, in their order: the first that matches wins.
private struct PieceScanner {
  let text: UnsafeBufferPointer<UInt8>

  /// gpt-2, and smollm with `digitsAlone`: there a number ends the text for what stands before it.
  func classic(_ start: Int, digitsAlone: Bool) -> Int {
    if let end = contraction(start, foldsCase: false) { return end }
    let (first, firstEnd) = CharacterClass.of(text, start)
    if digitsAlone && first == .number { return firstEnd }
    var (body, bodyEnd) = (first, firstEnd)
    if text[start] == space && firstEnd < text.count { (body, bodyEnd) = CharacterClass.of(text, firstEnd) }
    if !body.isSpace && !(digitsAlone && body == .number) { return run(of: body, from: bodyEnd) }
    return whitespace(start, isEnd: { digitsAlone && $0 == .number })
  }

  /// llama-bpe and qwen2.
  func modern(_ start: Int, digits: Int) -> Int {
    if let end = contraction(start, foldsCase: true) { return end }
    let (first, firstEnd) = CharacterClass.of(text, start)
    if first == .letter { return run(of: .letter, from: firstEnd) }
    if first == .number {
      var end = firstEnd
      for _ in 1..<max(digits, 1) {
        guard end < text.count, case (.number, let next) = CharacterClass.of(text, end) else { break }
        end = next
      }
      return end
    }
    if first != .newline, firstEnd < text.count {
      let (second, secondEnd) = CharacterClass.of(text, firstEnd)
      if second == .letter { return run(of: .letter, from: secondEnd) }
      if text[start] == space && second == .other { return run(of: .newline, from: run(of: .other, from: secondEnd)) }
    }
    if first == .other { return run(of: .newline, from: run(of: .other, from: firstEnd)) }
    return whitespaceWithNewline(start) ?? whitespace(start, isEnd: { _ in false })
  }

  private var space: UInt8 { 0x20 }

  /// `'s 't 'm 'd 're 've 'll`
  private func contraction(_ start: Int, foldsCase: Bool) -> Int? {
    guard text[start] == 0x27, start + 1 < text.count else { return nil }
    let fold: UInt8 = foldsCase ? 0x20 : 0
    func letter(_ index: Int) -> UInt8 {
      guard index < text.count else { return 0 }
      let byte = text[index]
      return (0x41...0x5a).contains(byte) ? byte | fold : byte
    }
    switch letter(start + 1) {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return letter(start + 2) == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"): return letter(start + 2) == UInt8(ascii: "l") ? start + 3 : nil
    default: return nil
    }
  }

  private func run(of body: CharacterClass, from start: Int) -> Int {
    var end = start
    while end < text.count {
      let (next, nextEnd) = CharacterClass.of(text, end)
      if next != body { break }
      end = nextEnd
    }
    return end
  }

  /// `\s+(?!\S)|\s+`: a run of white space leaves its last character to the word that follows, if it has another.
  private func whitespace(_ start: Int, isEnd: (CharacterClass) -> Bool) -> Int {
    var end = start
    var last = start
    while end < text.count {
      let (next, nextEnd) = CharacterClass.of(text, end)
      if !next.isSpace { return isEnd(next) || last == start ? end : last }
      (last, end) = (end, nextEnd)
    }
    return end
  }

  /// `\s*[\r\n]+`: up to the last line break of the run.
  private func whitespaceWithNewline(_ start: Int) -> Int? {
    var end = start
    var found: Int?
    while end < text.count {
      let (next, nextEnd) = CharacterClass.of(text, end)
      if !next.isSpace { break }
      end = nextEnd
      if next == .newline { found = end }
    }
    return found
  }
}

/// What the expressions tell apart: `\p{L}`, `\p{N}`, `[\r\n]`, the rest of `\s`, and everything else.
enum CharacterClass: UInt8 {
  case other, letter, number, blank, newline

  @inline(__always) var isSpace: Bool { rawValue >= Self.blank.rawValue }

  /// Of the character that begins at `index`, and where the next one begins. `text` is UTF-8.
  @inline(__always)
  static func of(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> (CharacterClass, end: Int) {
    let lead = text[index]
    if lead < 0x80 { return (ascii(lead), index + 1) }
    return beyondASCII(text, index)
  }

  @inline(__always)
  private static func ascii(_ byte: UInt8) -> CharacterClass {
    switch byte {
    case 0x41...0x5a, 0x61...0x7a: .letter
    case 0x30...0x39: .number
    case 0x0a, 0x0d: .newline
    case 0x20, 0x09, 0x0b, 0x0c: .blank
    default: .other
    }
  }

  @inline(never)
  private static func beyondASCII(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> (CharacterClass, end: Int) {
    let lead = UInt32(text[index])
    let length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    guard index + length <= text.count else { return (.other, text.count) }
    var value = lead & (0x7f >> UInt32(length))
    for offset in 1..<length { value = value << 6 | UInt32(text[index + offset] & 0x3f) }
    guard let scalar = Unicode.Scalar(value) else { return (.other, index + length) }
    return (of(scalar), index + length)
  }

  static func of(_ scalar: Unicode.Scalar) -> CharacterClass {
    // Ideographs and syllables of Hangul are most of what is not ASCII; the tables are slower.
    switch scalar.value {
    case 0x4e00...0x9fff, 0xac00...0xd7a3: return .letter
    default: break
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    case .spaceSeparator, .lineSeparator, .paragraphSeparator: return .blank
    case .control: return scalar.value == 0x85 ? .blank : .other
    default: return .other
    }
  }
}
