import Core

/// How much of the prompts has been the beginning of an earlier prompt: the most that any cache of
/// prefixes could save, were it never full.
///
/// Exact for prompts made of runs. Prompts that are spelled out are compared in pieces of 16 tokens,
/// the size of a KV block.
struct PrefixSharing: Equatable, Sendable {
  /// Tokens of each prompt, from its start, that some earlier prompt begins with.
  let shared: [Int32]
  let sharedTokens: Int
  /// Prompts that share anything.
  let sharers: Int
  let longest: Int
  /// The part that is shared, for each of up to 64 equal parts of the trace's requests.
  let history: [Double]

  static let piece = 16

  /// Nil when nothing says which tokens are equal: every prompt is one run of its own tokens.
  init?(_ arrivals: [Arrival]) {
    guard arrivals.contains(where: { !Self.isOpaque($0.prompt) }) else { return nil }
    // Of each beginning that was seen, by the digest of what comes before: how far its next run reached.
    var reaches: [UInt64: Int32] = [:]
    reaches.reserveCapacity(2 * arrivals.count)
    var shared: [Int32] = []
    shared.reserveCapacity(arrivals.count)
    for arrival in arrivals { shared.append(Int32(truncatingIfNeeded: Self.add(arrival.prompt, to: &reaches))) }
    self.shared = shared
    sharedTokens = shared.reduce(0) { $0 + Int($1) }
    sharers = shared.count { $0 > 0 }
    longest = shared.reduce(0) { max($0, Int($1)) }
    let parts = min(64, arrivals.count)
    history = (0..<parts).map { part in
      let range = part * arrivals.count / parts..<(part + 1) * arrivals.count / parts
      let tokens = arrivals[range].reduce(0) { $0 + $1.prompt.count }
      return tokens > 0 ? Double(shared[range].reduce(0) { $0 + Int($1) }) / Double(tokens) : 0
    }
  }

  /// One run of a stream that nobody else has.
  private static func isOpaque(_ prompt: Prompt) -> Bool {
    guard let runs = prompt.runs else { return false }
    return runs.count <= 1 && runs.allSatisfy { $0.stream.key >> 56 == TokenStream.own(0).key >> 56 }
  }

  /// Adds a prompt, and returns how many tokens of its beginning were there before.
  private static func add(_ prompt: Prompt, to reaches: inout [UInt64: Int32]) -> Int {
    var walk = Walk()
    if let tokens = prompt.literal {
      for start in stride(from: 0, to: tokens.count, by: piece) {
        let end = min(start + piece, tokens.count)
        var digest = Digest()
        for position in start..<end { digest.fold(UInt64(UInt32(bitPattern: tokens[position]))) }
        walk.step(stream: digest.value, start: 0, count: Int32(end - start), &reaches)
      }
      return walk.shared
    }
    // Neighbours that continue a stream are one run, however they were cut.
    var open: TokenRun?
    for run in prompt.runs ?? [] where run.count > 0 {
      if let before = open, before.stream == run.stream, before.start + before.count == run.start {
        open?.count += run.count
        continue
      }
      if let before = open { walk.step(before, &reaches) }
      open = run
    }
    if let last = open { walk.step(last, &reaches) }
    return walk.shared
  }

  /// Along one prompt.
  private struct Walk {
    private(set) var shared = 0
    private var isAlike = true
    private var digest = Digest()

    mutating func step(_ run: TokenRun, _ reaches: inout [UInt64: Int32]) {
      step(stream: run.stream.key, start: run.start, count: run.count, &reaches)
    }

    mutating func step(stream: UInt64, start: Int32, count: Int32, _ reaches: inout [UInt64: Int32]) {
      digest.fold(stream)
      digest.fold(UInt64(UInt32(bitPattern: start)))
      let reach = reaches[digest.value] ?? 0
      if isAlike {
        shared += Int(min(reach, count))
        // What follows can only be alike when all of this run is; if it is not, its key below is new.
        isAlike = reach >= count
      }
      if count > reach { reaches[digest.value] = count }
      digest.fold(UInt64(UInt32(bitPattern: count)))
    }
  }
}
