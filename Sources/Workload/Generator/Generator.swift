import Core

/// Requests drawn from stated distributions.
///
/// ```
/// poisson:8,requests=500,prompt=lognormal:512:0.8,output=uniform:16:256,prefix=4x800,seed=7
/// poisson:3,requests=300,label=chat + all-at-once:24,start=12,prompt=constant:2000,label=document
/// ```
///
/// Parts joined by `+` run together, each with its own random streams: one for
/// each purpose, so that asking for longer outputs changes no arrival. The same text gives the same trace on
/// every machine: nothing here depends on a C library's rounding.
public struct Generator: Equatable, Sendable {
  public var text: String
  public var parts: [Part]

  /// One process and what its requests look like.
  public struct Part: Equatable, Sendable {
    public var process: ArrivalProcess
    public var requests = 500
    /// Tokens of a request's own text; a shared prefix comes on top.
    public var prompt = Distribution.lognormal(median: 512, sigma: 0.8)
    public var output = Distribution.lognormal(median: 128, sigma: 0.7)
    public var prefixes: Prefixes?
    /// Requests of one conversation; nil is one each.
    public var turns: Distribution?
    /// Seconds a person takes between an answer and the next turn.
    public var think = Distribution.exponential(mean: 10)
    /// Seconds until the client hangs up.
    public var patience: Distribution?
    /// Seconds from the start of the run.
    public var start = 0.0
    public var seed: UInt64 = 0
    public var priority = 0
    public var label = ""

    public init(process: ArrivalProcess) { self.process = process }
  }

  /// System prompts that requests of a part begin with. The k-th is drawn with weight 1/k (Zipf).
  public struct Prefixes: Equatable, Sendable {
    public var count: Int
    public var tokens: Int
    /// Number of the first; equal numbers in two parts are the same text.
    public var first = 0
  }

  /// A person reads an answer at this pace before thinking of the next turn: seconds a token.
  static let secondsPerTokenRead = 0.05

  public init(_ text: String) throws(GeneratorError) {
    self.text = text
    parts = try Self.parse(text)
  }

  /// The trace, called by the generator's text unless a name is given.
  public func trace(name: String? = nil) -> Trace {
    var labels = LabelTable()
    var drafts: [Draft] = []
    for (number, part) in parts.enumerated() { part.draw(number: number, labels: &labels, into: &drafts) }
    // A conversation's turns are drawn in order and never move back in time, so a turn always follows the one it quotes.
    drafts.sort { ($0.time, $0.part, $0.conversation, $0.turn) < ($1.time, $1.part, $1.conversation, $1.turn) }
    var histories: [Int: [[TokenRun]]] = [:]
    let arrivals = drafts.enumerated().map { number, draft in
      var history: [TokenRun] = []
      if draft.turn > 0 { history = histories[draft.part]?[draft.conversation] ?? [] }
      var runs = history.isEmpty && draft.prefix.count > 0 ? [draft.prefix] : history
      runs.append(TokenRun(.own(number), count: draft.prompt))
      if draft.hasNext {
        let answer = TokenRun(.output(of: RequestID(number)), count: draft.output)
        histories[draft.part, default: []].place(runs + [answer], at: draft.conversation)
      }
      return Arrival(
        time: EngineTime(nanoseconds: draft.time), prompt: Prompt(runs), outputLimit: draft.output,
        priority: draft.priority, abortTime: draft.abort.map { EngineTime(nanoseconds: $0) }, label: draft.label)
    }
    return Trace(name: name ?? text, arrivals: arrivals, labels: labels.names)
  }
}

/// A request whose number is not known yet.
private struct Draft {
  var time: Int64
  var part: Int
  var conversation: Int
  var turn: Int
  var hasNext: Bool
  var prompt: Int
  var output: Int
  var prefix: TokenRun
  var priority: Int
  var abort: Int64?
  var label: UInt16
}

extension Generator.Part {
  fileprivate func draw(number: Int, labels: inout LabelTable, into drafts: inout [Draft]) {
    func stream(_ purpose: String) -> SplitMix { SplitMix(seed: seed, purpose: "\(purpose) of part \(number)") }
    var gaps = Gaps(process, seed: seed, purpose: "arrivals of part \(number)")
    var prompts = stream("prompts")
    var outputs = stream("outputs")
    var prefixChoices = stream("prefixes")
    var turnCounts = stream("turns")
    var thinking = stream("thinking")
    var waiting = stream("patience")
    let label = labels.number(of: label)
    let offset = EngineTime.seconds(start).nanoseconds
    let tickets = prefixes?.tickets ?? 0
    var remaining = requests
    var conversation = 0
    while remaining > 0 {
      let prefix = prefixes.map { $0.choose(&prefixChoices, tickets: tickets) } ?? TokenRun(.shared(0), count: 0)
      let count = min(turns.map { $0.count(&turnCounts, most: 64) } ?? 1, remaining)
      var time = min(gaps.next() + offset, TraceLimits.time)
      var context = Int(prefix.count)
      for turn in 0..<count {
        let prompt = ownTokens(&prompts, context: context)
        let output = self.output.count(&outputs, most: TraceLimits.tokens / 256)
        context += prompt + output
        drafts.append(
          Draft(
            time: time, part: number, conversation: conversation, turn: turn, hasNext: turn + 1 < count, prompt: prompt,
            output: output, prefix: prefix, priority: priority,
            abort: patience.map { time + EngineTime.seconds(max($0.sample(&waiting), 0.001)).nanoseconds }, label: label))
        if turn + 1 < count {
          let pause = Double(output) * Generator.secondsPerTokenRead + think.sample(&thinking)
          time = min(time + EngineTime.seconds(pause).nanoseconds, TraceLimits.time)
        }
      }
      remaining -= count
      conversation += 1
    }
  }

  /// Tokens of a request's own text, so that 64 turns stay below the limit of a prompt.
  private func ownTokens(_ random: inout SplitMix, context: Int) -> Int {
    prompt.count(&random, most: turns == nil ? TraceLimits.tokens - context : TraceLimits.tokens / 256)
  }
}

extension Generator.Prefixes {
  /// A million tickets for the first, half as many for the second, a third for the third:
  /// whole numbers, so that the choice is exact.
  private static let ticketsOfFirst = 1_000_000

  fileprivate var tickets: Int { (1...count).reduce(0) { $0 + Self.ticketsOfFirst / $1 } }

  fileprivate func choose(_ random: inout SplitMix, tickets: Int) -> TokenRun {
    var ticket = random.below(tickets)
    var chosen = 1
    while ticket >= Self.ticketsOfFirst / chosen {
      ticket -= Self.ticketsOfFirst / chosen
      chosen += 1
    }
    return TokenRun(.shared(UInt64(first + chosen - 1)), count: tokens)
  }
}

extension Array where Element == [TokenRun] {
  fileprivate mutating func place(_ runs: [TokenRun], at index: Int) {
    while count <= index { append([]) }
    self[index] = runs
  }
}
