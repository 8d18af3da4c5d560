/// A source of token ids: position → token, by a formula.
///
/// Traces of real traffic hold no text, only which parts of prompts are equal.
/// A stream stands for one such part; equal stream and position mean equal token.
/// The top byte tells the purpose, so streams made for different purposes never meet.
public struct TokenStream: Hashable, Sendable, Codable {
  public let key: UInt64

  public init(key: UInt64) { self.key = key }

  /// Tokens of one prompt alone.
  public static func own(_ number: Int) -> Self { Self(key: 1 << 56 | UInt64(truncatingIfNeeded: number) & 0xff_ffff_ffff_ffff) }
  /// Tokens that several prompts have in common: a system prompt, a document, a trace's block id.
  public static func shared(_ number: UInt64) -> Self { Self(key: Digest.mix(number) >> 8 | 2 << 56) }
  /// What the model answers to a request.
  public static func output(of request: RequestID) -> Self { Self(key: 3 << 56 | UInt64(request.number)) }

  /// A token id in 0 ..< 2³¹; a device with a smaller vocabulary takes it modulo its size.
  @inline(__always)
  public func token(at position: Int) -> TokenID {
    TokenID(truncatingIfNeeded: Digest.mix(key &+ UInt64(truncatingIfNeeded: position) &* 0x9e37_79b9_7f4a_7c15) & 0x7fff_ffff)
  }
}

/// A window on a stream: tokens `start ..< start + count` of it.
public struct TokenRun: Hashable, Sendable, Codable {
  public var stream: TokenStream
  public var start: Int32
  public var count: Int32

  public init(_ stream: TokenStream, start: Int = 0, count: Int) {
    self.stream = stream
    self.start = Int32(start)
    self.count = Int32(count)
  }
}

/// The tokens of a prompt: spelled out, or as runs of streams.
public struct Prompt: Equatable, Sendable {
  enum Content: Equatable, Sendable {
    case run(TokenRun)
    case runs([TokenRun])
    case literal([TokenID])
  }

  let content: Content
  /// Tokens.
  public let count: Int

  public init(_ run: TokenRun) {
    content = .run(run)
    count = Int(run.count)
  }

  public init(_ runs: [TokenRun]) {
    content = runs.count == 1 ? .run(runs[0]) : .runs(runs)
    count = runs.reduce(0) { $0 + Int($1.count) }
  }

  public init(_ tokens: [TokenID]) {
    content = .literal(tokens)
    count = tokens.count
  }

  /// The runs it is made of; nil when it is spelled out.
  public var runs: [TokenRun]? {
    switch content {
    case .run(let run): [run]
    case .runs(let runs): runs
    case .literal: nil
    }
  }

  /// The tokens when they are spelled out; nil for runs.
  public var literal: [TokenID]? {
    if case .literal(let tokens) = content { tokens } else { nil }
  }

  /// Calls `body` with each token of `range`, in order.
  public func forEachToken(in range: Range<Int>, _ body: (TokenID) -> Void) {
    switch content {
    case .literal(let tokens):
      for position in range { body(tokens[position]) }
    case .run(let run):
      for position in range { body(run.stream.token(at: Int(run.start) + position)) }
    case .runs(let runs):
      var before = 0
      for run in runs {
        let after = before + Int(run.count)
        for position in range.clamped(to: before..<after) {
          body(run.stream.token(at: Int(run.start) + position - before))
        }
        before = after
        if before >= range.upperBound { return }
      }
    }
  }

  public func tokens(in range: Range<Int>) -> [TokenID] {
    var tokens: [TokenID] = []
    tokens.reserveCapacity(range.count)
    forEachToken(in: range) { tokens.append($0) }
    return tokens
  }
}
