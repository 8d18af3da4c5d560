import Core
import ServingEngine

/// A run of a real server: its settings, what it was asked, and when its answers came.
public struct MeasuredRun: Sendable {
  public let name: String
  let settings: ServerSettings
  public let trace: Trace
  /// By request; nil where the record has none.
  let latencies: [RequestLatency?]

  /// - Parameters:
  ///   - name: The folder's name.
  ///   - configuration, workload, measured: The content of `config.json`, `workload.csv` and `measured.csv`.
  public init(name: String, configuration: [UInt8], workload: String, measured: String) throws(ValidationFault) {
    self.name = name
    settings = try ServerSettings(json: configuration, file: "\(name)/config.json")
    let asked = try RunTable(
      workload, file: "\(name)/workload.csv", needs: ["request_index", "arrival_s", "input_tokens", "output_tokens"])
    var order: [Int: Int] = [:]
    var arrivals: [(index: Int, arrival: Arrival)] = []
    for row in asked.all {
      let index = try row.needCount("request_index")
      let arrival = Arrival(
        time: .seconds(try row.needNumber("arrival_s")),
        prompt: Self.prompt(
          tokens: try row.needCount("input_tokens", atLeast: 1), sharedBlocks: row.text("shared_prefix_blocks"), number: index),
        outputLimit: try row.needCount("output_tokens", atLeast: 1))
      arrivals.append((index, arrival))
    }
    arrivals.sort { ($0.arrival.time, $0.index) < ($1.arrival.time, $1.index) }
    for (position, entry) in arrivals.enumerated() { order[entry.index] = position }
    trace = Trace(name: name, arrivals: arrivals.map(\.arrival))

    var latencies = [RequestLatency?](repeating: nil, count: arrivals.count)
    let seen = try RunTable(
      measured, file: "\(name)/measured.csv", needs: ["request_index", "first_token_s", "last_token_s"])
    for row in seen.all {
      guard let position = order[try row.needCount("request_index")] else { continue }
      // Counted from when the workload sends it: what the server's front end adds is part of the answer's time.
      guard let first = row.number("first_token_s"), let last = row.number("last_token_s") else { continue }
      latencies[position] = RequestLatency(
        arrival: trace.arrivals[position].time.seconds, firstToken: first, lastToken: last,
        outputs: trace.arrivals[position].outputLimit)
    }
    self.latencies = latencies
  }

  /// The leading blocks of 16 tokens that several prompts have in common, then the prompt's own tokens.
  private static func prompt(tokens: Int, sharedBlocks: String?, number: Int) -> Prompt {
    var runs: [TokenRun] = []
    var left = tokens
    for id in (sharedBlocks ?? "").split(whereSeparator: { !$0.isNumber }) {
      guard left > 0, let id = UInt64(id) else { break }
      runs.append(TokenRun(.shared(id), count: min(16, left)))
      left -= min(16, left)
    }
    if left > 0 { runs.append(TokenRun(.own(number), count: left)) }
    return Prompt(runs)
  }
}

/// What the client of one request would have seen, in seconds.
struct RequestLatency: Equatable, Sendable {
  var ttft, e2e: Double
  /// Nil for fewer than two tokens.
  var tpot: Double?

  init(arrival: Double, firstToken: Double, lastToken: Double, outputs: Int) {
    ttft = firstToken - arrival
    e2e = lastToken - arrival
    tpot = outputs > 1 ? (lastToken - firstToken) / Double(outputs - 1) : nil
  }
}
