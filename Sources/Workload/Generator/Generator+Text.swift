import Core

extension Generator {
  /// One entry for each option of a part, for help and messages.
  public static let options: [Descriptor] = [
    Descriptor(name: "requests", summary: "requests=N — how many, 500 when not said", source: ""),
    Descriptor(name: "prompt", summary: "prompt=DISTRIBUTION — tokens of a request's own text", source: ""),
    Descriptor(name: "output", summary: "output=DISTRIBUTION — tokens it will produce", source: ""),
    Descriptor(name: "prefix", summary: "prefix=KxN[:FIRST] — K shared system prompts of N tokens, the k-th chosen with weight 1/k", source: "Zipf 1949"),
    Descriptor(name: "turns", summary: "turns=DISTRIBUTION — requests of a conversation, each quoting the ones before", source: ""),
    Descriptor(name: "think", summary: "think=DISTRIBUTION — seconds between reading an answer and the next turn", source: ""),
    Descriptor(name: "patience", summary: "patience=DISTRIBUTION — seconds until the client hangs up", source: ""),
    Descriptor(name: "start", summary: "start=SECONDS — when the part begins", source: ""),
    Descriptor(name: "priority", summary: "priority=N — lower is more urgent", source: ""),
    Descriptor(name: "label", summary: "label=NAME — what the requests are called", source: ""),
    Descriptor(name: "seed", summary: "seed=N — another seed, another trace", source: ""),
  ]

  /// True for a text that is meant as a generator, right or wrong; a file's name is not.
  public static func recognises(_ text: String) -> Bool {
    let word = text.drop { $0 == " " }.prefix { $0 != ":" && $0 != "," && $0 != " " }
    return ArrivalProcess.catalogue.contains { $0.name == word }
  }

  static func parse(_ text: String) throws(GeneratorError) -> [Part] {
    let texts = text.split(separator: "+", omittingEmptySubsequences: false)
    guard texts.count <= 64 else {
      throw GeneratorError(part: "+", problem: "\(texts.count) parts", wayOut: "join at most 64")
    }
    var parts: [Part] = []
    for text in texts { parts.append(try part(text)) }
    let total = parts.reduce(0) { $0 + $1.requests }
    guard total <= 5_000_000 else {
      throw GeneratorError(part: "requests", problem: "\(total) in all", wayOut: "at most 5000000")
    }
    return parts
  }

  private static func part(_ text: Substring) throws(GeneratorError) -> Part {
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmed }
    var part = try process(words[0])
    for word in words.dropFirst() {
      guard let equals = word.firstIndex(of: "=") else {
        throw GeneratorError(part: shown(word), problem: "not an option", wayOut: "options: \(optionList), each as NAME=VALUE")
      }
      try set(word[..<equals].trimmed, word[word.index(after: equals)...].trimmed, &part)
    }
    return part
  }

  private static func process(_ text: Substring) throws(GeneratorError) -> Part {
    let wayOut = "poisson:RATE, gamma:RATE:CV or all-at-once:N, rates 0.001 ... 1000000 a second, CV 0.05 ... 20"
    let words = text.split(separator: ":", omittingEmptySubsequences: false)
    guard let name = words.first, ArrivalProcess.catalogue.contains(where: { $0.name == name }) else {
      throw GeneratorError(part: shown(text), problem: "not an arrival process", wayOut: wayOut)
    }
    let numbers = words.dropFirst().compactMap { Double($0) }
    func isRate(_ rate: Double) -> Bool { rate >= 0.001 && rate <= 1_000_000 }
    if numbers.count == words.count - 1 {
      switch (name, numbers.count) {
      case ("poisson", 1) where isRate(numbers[0]):
        return Part(process: .poisson(ratePerSecond: numbers[0]))
      case ("gamma", 2) where isRate(numbers[0]) && numbers[1] >= 0.05 && numbers[1] <= 20:
        return Part(process: .gamma(ratePerSecond: numbers[0], variation: numbers[1]))
      case ("all-at-once", 1):
        if let count = Int(words[1]), count >= 1, count <= 1_000_000 {
          var part = Part(process: .allAtOnce)
          part.requests = count
          return part
        }
        throw GeneratorError(part: shown(text), problem: "not a number of requests", wayOut: "all-at-once:N, N 1 ... 1000000")
      default: break
      }
    }
    throw GeneratorError(part: shown(text), problem: "wrong or missing numbers", wayOut: wayOut)
  }

  private static func set(_ name: Substring, _ value: Substring, _ part: inout Part) throws(GeneratorError) {
    func distribution() throws(GeneratorError) -> Distribution {
      guard let distribution = Distribution(value) else { throw wrong(name, value, Distribution.forms) }
      return distribution
    }
    func whole(_ range: ClosedRange<Int>) throws(GeneratorError) -> Int {
      guard let number = Int(value), range.contains(number) else {
        throw wrong(name, value, "a whole number, \(range.lowerBound) ... \(range.upperBound)")
      }
      return number
    }
    switch name {
    case "requests": part.requests = try whole(1...1_000_000)
    case "prompt": part.prompt = try distribution()
    case "output": part.output = try distribution()
    case "turns": part.turns = try distribution()
    case "think": part.think = try distribution()
    case "patience": part.patience = try distribution()
    case "prefix":
      guard let prefixes = Prefixes(value) else {
        throw wrong(name, value, "KxN or KxN:FIRST, as 4x800: K 1 ... 1000 prompts of N 1 ... 1000000 tokens")
      }
      part.prefixes = prefixes
    case "start":
      guard let start = Double(value), start >= 0, start <= 10_000_000 else { throw wrong(name, value, "seconds, 0 ... 10000000") }
      part.start = start
    case "priority": part.priority = try whole(-1_000_000...1_000_000)
    case "label": part.label = String(value)
    case "seed":
      guard let seed = UInt64(value) else { throw wrong(name, value, "a whole number, 0 or more") }
      part.seed = seed
    default:
      throw GeneratorError(part: shown(name), problem: "not an option", wayOut: "options: \(optionList)")
    }
  }

  private static var optionList: String { options.map(\.name).joined(separator: ", ") }

  private static func wrong(_ name: Substring, _ value: Substring, _ forms: String) -> GeneratorError {
    GeneratorError(part: "\(name)=\(shown(value))", problem: "not understood", wayOut: forms)
  }

  private static func shown(_ text: Substring) -> String {
    text.isEmpty ? "nothing" : String(text.prefix(48).map { $0.isNewline || $0.asciiValue.map { $0 < 0x20 } == true ? "·" : $0 })
  }
}

extension Generator.Prefixes {
  /// `KxN` or `KxN:FIRST`.
  init?(_ text: Substring) {
    let words = text.split(separator: ":", omittingEmptySubsequences: false)
    let sizes = words[0].split(separator: "x", omittingEmptySubsequences: false)
    guard words.count <= 2, sizes.count == 2, let count = Int(sizes[0]), let tokens = Int(sizes[1]),
      (1...1_000).contains(count), (1...1_000_000).contains(tokens)
    else { return nil }
    self.init(count: count, tokens: tokens)
    if words.count == 2 {
      guard let first = Int(words[1]), (0...1_000_000).contains(first) else { return nil }
      self.first = first
    }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}
