import Core

/// The end of a run as one JSON object, `workbench.summary/1`.
///
/// Keys and their order are a contract with scripts. A quantity that does not apply is `null`.
public struct Summary: Sendable {
  /// What the scoreboard cannot see: facts of the bench that the run was made on.
  public struct Bench: Sendable {
    /// Blocks of the KV pool, and tokens of a block.
    public var kvBlocks: Int?
    public var tokensPerBlock: Int?
    /// False where nothing goes to host memory.
    public var swaps = false
    public var cachesPrefixes = true
    /// False for trees of drafts, where acceptance by position is not a chain's.
    public var draftsAreChains = true
    /// Bytes of KV a token takes, and the share of tokens kept.
    public var bytesPerToken: Double?
    public var keptFraction: Double?
    public var attentionOutputError: Double?
    public var logitDivergence: Double?
    /// True when times come from a model of the device, false when they were measured.
    public var isModelled = true
    /// GPUs whose energy is summed; nil for a device that is none.
    public var gpus: Int?
    /// Of each of several engines its part (`prefill`, `decode`, `both`); empty for one.
    public var roles: [String] = []
    /// Requests move between them.
    public var movesRequests = false
    /// Dense peak of one GPU at the precision used; nil gives no MFU.
    public var peakOperationsPerSecond: Double?

    public init() {}
  }

  public static let schema = "workbench.summary/1"

  public var scoreboard: Scoreboard
  /// Every option by its name, in the order of the help.
  public var configuration: [(String, JSONValue)]
  public var bench: Bench
  public var wallSeconds: Double
  public var digest: Digest

  public init(
    _ scoreboard: Scoreboard, configuration: [(String, JSONValue)], bench: Bench = Bench(), wallSeconds: Double, digest: Digest
  ) {
    self.scoreboard = scoreboard
    self.configuration = configuration
    self.bench = bench
    self.wallSeconds = wallSeconds
    self.digest = digest
  }

  public var json: JSONValue {
    guard case .object(var members) = whole else { return whole }
    if !bench.roles.isEmpty {
      // Before the digest, which comes last.
      members.insert(.init("instances", instances), at: members.count - 1)
      members.insert(.init("link", link), at: members.count - 1)
    }
    return .object(members)
  }

  private var instances: JSONValue {
    .array(
      bench.roles.enumerated().map { number, role in
        let tally = scoreboard.instances.indices.contains(number) ? scoreboard.instances[number] : InstanceTally()
        return [
          "role": .string(role), "steps": .integer(tally.steps), "busy_seconds": JSONValue(tally.busy.seconds),
          "prefill_tokens": .integer(tally.prefillTokens), "decode_tokens": .integer(tally.decodeTokens),
          "peak_used_blocks": .integer(tally.peakUsedBlocks), "energy_joules": JSONValue(tally.steps > 0 ? tally.energy : nil),
        ]
      })
  }

  private var link: JSONValue {
    guard bench.movesRequests else { return .null }
    let tally = scoreboard.link
    return [
      "moves": .integer(tally.moves), "blocks": .integer(tally.blocks), "calls": .integer(tally.calls),
      "moving_seconds": JSONValue(tally.moving.seconds), "queued_seconds": JSONValue(tally.queued.seconds),
      "waiting_for_blocks_seconds": JSONValue(tally.refused.seconds),
    ]
  }

  private var whole: JSONValue {
    [
      "schema": .string(Self.schema),
      "configuration": JSONValue(configuration),
      "requests": [
        "arrived": .integer(scoreboard.arrived),
        "completed": .integer(scoreboard.completed),
        "rejected": .integer(scoreboard.rejected),
        "input_tokens": .integer(scoreboard.inputTokens),
        "output_tokens": .integer(scoreboard.outputTokens),
      ],
      "steps": .integer(scoreboard.steps),
      "engine_seconds": JSONValue(scoreboard.engineTime.seconds),
      "wall_seconds": JSONValue(wallSeconds),
      "steps_per_wall_second": JSONValue(wallSeconds > 0 ? Double(scoreboard.steps) / wallSeconds : nil),
      "ttft_ms": Self.milliseconds(scoreboard.latencies(\.ttft)),
      "tpot_ms": Self.milliseconds(scoreboard.latencies(\.tpot)),
      "itl_ms": Self.milliseconds(Percentiles(scoreboard.itl)),
      "e2e_ms": Self.milliseconds(scoreboard.latencies(\.e2e)),
      "queue_ms": Self.milliseconds(scoreboard.latencies(\.queue)),
      "throughput": [
        "output_tokens_per_s": JSONValue(scoreboard.perEngineSecond(scoreboard.outputTokens)),
        "total_tokens_per_s": JSONValue(scoreboard.perEngineSecond(scoreboard.inputTokens + scoreboard.outputTokens)),
        "requests_per_s": JSONValue(scoreboard.perEngineSecond(scoreboard.completed)),
      ],
      "slo": [
        "attainment": JSONValue(scoreboard.attainment),
        "goodput_requests_per_s": JSONValue(scoreboard.goodput),
      ],
      "kv": kv,
      "speculation": speculation,
      "compression": [
        "bytes_per_token": JSONValue(bench.bytesPerToken),
        "kept_fraction": JSONValue(bench.keptFraction.map { $0 * scoreboard.keptFraction }),
        "attention_output_error": JSONValue(bench.attentionOutputError),
        "logit_kl": JSONValue(bench.logitDivergence),
      ],
      "hardware": hardware,
      "history_digest": .string(digest.description),
    ]
  }

  private var kv: JSONValue {
    [
      "blocks": JSONValue(bench.kvBlocks),
      "block_tokens": JSONValue(bench.tokensPerBlock),
      "peak_used_blocks": .integer(scoreboard.peakUsedBlocks),
      "preemptions": .integer(scoreboard.preemptions),
      "swapped_blocks": bench.swaps ? .integer(scoreboard.swappedBlocks) : .null,
      "prefix_hit_rate": JSONValue(bench.cachesPrefixes ? scoreboard.prefixHitRate : nil),
      "internal_fragmentation": JSONValue(scoreboard.internalFragmentation),
      "external_fragmentation": JSONValue(bench.kvBlocks.flatMap { scoreboard.externalFragmentation(blocks: $0 - 1) }),
      "transfer_seconds": bench.swaps ? JSONValue(scoreboard.transferTime.seconds) : .null,
    ]
  }

  private var speculation: JSONValue {
    let tally = scoreboard.speculation
    return [
      "drafted": .integer(tally.drafted),
      "accepted": .integer(tally.accepted),
      "acceptance_rate": JSONValue(tally.acceptanceRate),
      "accepted_per_verify": JSONValue(tally.acceptedPerVerify),
      "acceptance_by_position": bench.draftsAreChains ? .array(tally.acceptanceByPosition.map { JSONValue($0) }) : nil,
    ]
  }

  private var hardware: JSONValue {
    let tally = scoreboard.hardware
    return [
      "modelled": .bool(bench.isModelled),
      "sm_busy": JSONValue(tally.smBusy),
      "tensor_busy": JSONValue(tally.tensorBusy),
      "bandwidth_busy": JSONValue(tally.bandwidthBusy),
      "mfu": JSONValue(bench.peakOperationsPerSecond.flatMap { tally.mfu(peakOperationsPerSecond: $0) }),
      "energy_joules": JSONValue(scoreboard.steps > 0 ? tally.energy : nil),
      "energy_gpus": JSONValue(bench.gpus),
    ]
  }

  private static func milliseconds(_ latency: Percentiles?) -> JSONValue {
    func of(_ quantity: KeyPath<Percentiles, Double>) -> JSONValue { JSONValue(latency.map { $0[keyPath: quantity] / 1e6 }) }
    return ["mean": of(\.mean), "p50": of(\.p50), "p90": of(\.p90), "p95": of(\.p95), "p99": of(\.p99), "max": of(\.max)]
  }
}
