public import Core
public import Hardware

/// The language of a model as the engine needs it: prompts in its tokens, questions in its form, its answers as text.
public struct ModelLanguage: Language {
  public let tokenizer: Tokenizer
  /// Nil for a model that was not taught to answer; then a question is plain text.
  public let template: ChatTemplate?
  public let vocabulary: Int
  /// Each of `Passages`, in tokens.
  private let passages: [[TokenID]]

  public init(_ file: GGUFFile, vocabulary: Int) throws(GGUFError) {
    let tokenizer = try Tokenizer(file)
    self.tokenizer = tokenizer
    template = try ChatTemplate(file, tokenizer)
    self.vocabulary = vocabulary
    passages = Passages.all.map { tokenizer.encode(" " + $0) }
  }

  /// Whether tokens mean the same in both: as many, the same ends, and every one spelt alike.
  public func hasSameTokens(as other: ModelLanguage) -> Bool {
    let (own, theirs) = (tokenizer.vocabulary, other.tokenizer.vocabulary)
    guard vocabulary == other.vocabulary, own.count == theirs.count, endsOfText == other.endsOfText else { return false }
    return (0..<TokenID(own.count)).allSatisfy { own.bytes(of: $0) == theirs.bytes(of: $0) }
  }

  public var endsOfText: [TokenID] { tokenizer.endsOfGeneration }

  /// Streams are made of the bundled texts. Each begins with a number of its own, so that only equal streams have equal
  /// beginnings; a prompt begins with the mark of the beginning where the model wants one.
  public func spelled(_ prompt: Prompt) -> Prompt {
    var tokens: [TokenID] = []
    tokens.reserveCapacity(prompt.count)
    if let literal = prompt.literal {
      let largest = TokenID(vocabulary)
      if literal.allSatisfy({ $0 >= 0 && $0 < largest }) { return prompt }
      tokens = literal.map { ($0 % largest + largest) % largest }
    }
    for run in prompt.runs ?? [] { tokens += self.tokens(of: run) }
    if tokenizer.addsBeginOfText, let begin = tokenizer.beginOfText, !tokens.isEmpty { tokens[0] = begin }
    return Prompt(tokens)
  }

  private func tokens(of run: TokenRun) -> ArraySlice<TokenID> {
    let key = run.stream.key
    var tokens = tokenizer.encode("\nNo. \(Digest.mix(key) % 1_000_000_000).")
    let end = Int(run.start) + Int(run.count)
    tokens.reserveCapacity(end + 256)
    var number: UInt64 = 0
    while tokens.count < end {
      tokens += passages[Int(Digest.mix(Digest.mix(key) &+ number) % UInt64(passages.count))]
      number += 1
    }
    return tokens[Int(run.start)..<end]
  }

  public func question(_ text: String) -> [TokenID] { conversation([ChatMessage(role: "user", content: text)]) }

  /// A conversation up to where the answer begins. To a model that was not taught to answer, it is a text to be continued.
  public func conversation(_ messages: [ChatMessage]) -> [TokenID] {
    guard let template else {
      return tokenizer.promptTokens(messages.map(\.content).joined(separator: "\n"), parseSpecial: false)
    }
    return tokenizer.promptTokens(template.text(of: messages))
  }

  public func text(of tokens: some Sequence<TokenID>, showsSpecial: Bool) -> String {
    var decoder = TextDecoder(tokenizer, showsSpecial: showsSpecial, continuesText: true)
    var text = ""
    for token in tokens { text += decoder.feed(token) }
    return text + decoder.finish()
  }
}
