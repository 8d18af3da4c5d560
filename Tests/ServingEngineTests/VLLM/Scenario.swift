import Core
import Foundation
import Hardware
import KVMemory
import Scheduling
import ServingEngine
import Speculation

/// A recorded run of the real vLLM scheduler: settings, requests, and what it decided.
struct Scenario {
  let folder: URL
  let settings: Settings
  let requests: [Row]

  /// Names as in `config.json`.
  struct Settings: Decodable, Sendable {
    struct Derived: Decodable, Sendable {
      let num_lookahead_tokens, draft_slots, num_spec_tokens, num_hash_lookahead_tokens: Int
      let drop_last_hit_block: Bool
    }

    let num_blocks, block_size, max_model_len, max_num_seqs, max_num_batched_tokens: Int
    let max_num_active_seqs: Int?
    let enable_chunked_prefill, long_prefill_token_threshold_adaptive, enable_prefix_caching: Bool
    let long_prefill_token_threshold: Int
    let policy: String
    let scheduler_reserve_full_isl: Bool
    let watermark: Double
    let prefill_schedule_interval: Int
    let spec_method: String?
    let num_speculative_tokens, base_us, per_token_us: Int
    let max_steps: Int?
    let derived: Derived
  }

  struct Row {
    let index: Int
    let arrival: Int
    let outputs: Int
    let priority: Int
    let abort: Int?
    let tokens: [TokenID]
  }

  init(folder: URL) throws {
    self.folder = folder
    settings = try JSONDecoder().decode(Settings.self, from: Data(contentsOf: folder.appendingPathComponent("config.json")))
    let text = try String(contentsOf: folder.appendingPathComponent("requests.csv"), encoding: .utf8)
    requests = text.split(whereSeparator: \.isNewline).dropFirst().map { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      return Row(
        index: Int(fields[0])!, arrival: Int(fields[1])!, outputs: Int(fields[3])!, priority: Int(fields[4])!,
        abort: Int(fields[5]), tokens: Self.tokens(fields[6]))
    }.sorted { ($0.arrival, $0.index) < ($1.arrival, $1.index) }
  }

  /// `kind:stream:start:length` segments, spelled out.
  static func tokens(_ segments: Substring) -> [TokenID] {
    segments.split(separator: " ").flatMap { segment in
      let parts = segment.split(separator: ":")
      let start = Int(parts[2])!
      return (start..<start + Int(parts[3])!).map { token(parts[0].first!, Int(parts[1])!, $0) }
    }
  }

  static func token(_ kind: Character, _ stream: Int, _ position: Int) -> TokenID {
    let base = kind == "g" ? 0 : kind == "u" ? 10_000 : 20_000
    return TokenID(base + (stream * 1_000_003 + position * 7_919) % 9_973)
  }

  func engine() -> Engine {
    var limits = Limits()
    limits.maxBatchedTokens = settings.max_num_batched_tokens
    limits.maxSequences = settings.max_num_active_seqs ?? settings.max_num_seqs
    limits.maxModelLength = settings.max_model_len
    limits.chunksPrefill = settings.enable_chunked_prefill
    limits.longPrefillThreshold = settings.long_prefill_token_threshold
    limits.longPrefillThresholdAdapts = settings.long_prefill_token_threshold_adaptive
    limits.reservesFullPrompt = settings.scheduler_reserve_full_isl
    limits.watermark = settings.watermark
    limits.prefillInterval = settings.prefill_schedule_interval
    limits.speculation.maxDrafts = settings.derived.num_spec_tokens
    limits.speculation.lookahead = settings.derived.num_lookahead_tokens
    limits.speculation.draftSlots = settings.derived.draft_slots
    limits.speculation.hashLookahead = settings.derived.num_hash_lookahead_tokens
    limits.speculation.dropsLastHitBlock = settings.derived.drop_last_hit_block
    let arrivals = requests.map {
      Arrival(
        time: .microseconds($0.arrival), prompt: Prompt($0.tokens), outputLimit: $0.outputs, priority: $0.priority,
        abortTime: $0.abort.map { .microseconds($0) })
    }
    let indices = requests.map(\.index)
    return Engine(
      trace: Trace(name: folder.lastPathComponent, arrivals: arrivals),
      planner: Planner(limits: limits, policy: PolicyCatalogue.member(named: settings.policy)!.init()),
      memory: KVCache(
        blockCount: settings.num_blocks, tokensPerBlock: settings.block_size,
        reusesPrefixes: settings.enable_prefix_caching, hashLookahead: limits.speculation.hashLookahead),
      device: RecordedDevice(settings: settings, indices: indices),
      drafter: RecordedDrafter(settings: settings, indices: indices), overlong: .truncate)
  }
}

/// A device whose clock, tokens and verdicts follow the formulas of the recording.
struct RecordedDevice: Device {
  let settings: Scenario.Settings
  /// The recording's number of each request.
  let indices: [Int]

  var name: String { "recorded" }
  var isModelled: Bool { true }
  func kernels(of batch: Batch) -> [KernelRun] { [] }

  mutating func execute(_ batch: Batch) -> BatchOutcome {
    var tokens: [TokenID] = []
    let slots = batch.slots.map { slot in
      guard slot.samples else { return BatchOutcome.Slot(accepted: 0, emitted: 0) }
      let i = indices[slot.request.index]
      let n = Int(slot.outputs)
      let accepted = slot.draftsArePadding
        ? 0 : min(Int(slot.drafts), (i * 7 + n * 13 + n * n % 11) % (settings.num_speculative_tokens + 1))
      for offset in 0...accepted { tokens.append(Scenario.token("o", i, n + offset)) }
      return BatchOutcome.Slot(accepted: accepted, emitted: accepted + 1)
    }
    return BatchOutcome(
      slots: slots, tokens: tokens,
      duration: .microseconds(settings.base_us + settings.per_token_us * batch.tokenCount))
  }
}

/// Proposes as many drafts as the recording's drafter did; their content does not matter.
struct RecordedDrafter: Drafter {
  static let descriptor = Descriptor(name: "recorded", summary: "as many drafts as were recorded", source: "recording")

  var settings: Scenario.Settings?
  var indices: [Int] = []

  mutating func propose(after request: Request, limit: Int) -> [TokenID] {
    guard settings?.spec_method == "ngram" else { return Array(repeating: 0, count: limit) }
    let turn = (indices[request.id.index] + request.output.count) % 5
    return Array(repeating: 0, count: turn == 0 ? 0 : turn == 1 ? limit / 2 : limit)
  }
}
