import Analysis
import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine

/// A moment of a run as one JSON object, `workbench.snapshot/1`: what the screen shows, as numbers.
///
/// Readers ignore keys they do not know. What does not apply is `null`.
public enum SnapshotJSON {
  public static let schema = "workbench.snapshot/1"

  public static func json(_ run: Run, configuration: Configuration) -> JSONValue {
    let engine = run.engine
    let scheduler = engine.state.scheduler
    let waiting = scheduler.servedNext(64, policy: engine.planner.policy)
    return [
      "schema": .string(schema),
      "trace": .string(engine.trace.name),
      "step": .integer(run.step),
      "time_us": .integer(Int(run.now.nanoseconds / 1_000)),
      "seed": .integer(Int(truncatingIfNeeded: configuration.seed)),
      "configuration": JSONValue(configuration.json),
      "choices": JSONValue(AxisCatalogue.all.map { ($0.name, .string($0.current(engine))) }),
      "requests": [
        "arrived": .integer(run.fleet.arrived), "completed": .integer(run.observatory.scoreboard.completed),
        "rejected": .integer(run.observatory.scoreboard.rejected), "running": .integer(scheduler.running.count),
        "waiting": .integer(scheduler.waiting.count),
      ],
      "last_step": run.last.map { step($0, engine) } ?? .null,
      "running": .array(scheduler.running.map { request(Int($0), run) }),
      "waiting_head": .array(waiting.map { request($0, run) }),
      "kv": memory(scheduler.memory),
      "hardware": run.last.map { hardware($0, engine) } ?? .null,
      "history_digest": .string(run.fleet.digest.description),
    ]
  }

  private static func step(_ report: StepReport, _ engine: Engine) -> JSONValue {
    let record = report.record
    return [
      "step": .integer(record.step), "start_us": .integer(Int(record.start.nanoseconds / 1_000)),
      "duration_ms": JSONValue(record.duration.milliseconds), "sequences": .integer(Int(record.sequences)),
      "prefill_tokens": .integer(Int(record.prefillTokens)), "decode_tokens": .integer(Int(record.decodeTokens)),
      "draft_tokens": .integer(Int(record.draftTokens)), "accepted_tokens": .integer(Int(record.acceptedTokens)),
      "drafting_ms": JSONValue(record.drafting.milliseconds),
      "lane": engine.lanes == nil ? .null : .integer(Int(record.lane)), "batches_under_way": .integer(Int(record.flights)),
      "lane_sms": JSONValue(record.share > 0 ? Int(record.share) : nil),
      "bubble_ms": JSONValue(engine.hasStages ? record.bubble.milliseconds : nil),
      "preempted": .array(report.plan.preempted.map { .integer($0.request.index) }),
      "evicted_blocks": .integer(Int(record.evictedBlocks)), "recomputed_blocks": .integer(Int(record.recomputedBlocks)),
      "unused_token_budget": .integer(max(0, engine.planner.limits.maxBatchedTokens - report.plan.tokens)),
      "batch": .array(
        report.plan.slots.map { slot in
          [
            "request": .integer(slot.request.index), "first": .integer(Int(slot.first)), "tokens": .integer(Int(slot.count)),
            "drafts": .integer(Int(slot.drafts)), "hit_blocks": .integer(Int(slot.hitBlocks)),
            "new_blocks": .integer(Int(slot.newBlocks)), "reading": .bool(slot.isReading),
          ]
        }),
    ]
  }

  private static func request(_ row: Int, _ run: Run) -> JSONValue {
    let scheduler = run.engine.state.scheduler
    let request = scheduler.requests[row]
    let record = run.observatory.requests[request.id.index]
    return [
      "request": .integer(request.id.index), "arrival_s": JSONValue(request.arrival.seconds),
      "prompt_tokens": .integer(request.prompt.count), "output_limit": .integer(request.outputLimit),
      "output_tokens": .integer(request.output.count), "computed_tokens": .integer(request.computed),
      "priority": .integer(request.priority), "preemptions": .integer(request.preemptions),
      "reused_tokens": .integer(Int(record.reused)), "ttft_ms": JSONValue(record.ttft?.milliseconds),
      "tpot_ms": JSONValue(record.tpot?.milliseconds),
      "blocks": .array(scheduler.memory.tables[row].blocks.map { .integer(Int($0)) }),
    ]
  }

  private static func memory(_ memory: KVCache) -> JSONValue {
    [
      "blocks": .integer(memory.pool.blockCount), "block_tokens": .integer(memory.tokensPerBlock),
      "used_blocks": .integer(memory.pool.usedCount), "free_blocks": .integer(memory.pool.freeCount),
      "cached_free_blocks": .integer(memory.cachedFreeCount), "distinct_contents": .integer(memory.index.contentCount),
      "evictions": .integer(memory.evictions),
      "host_parked_blocks": JSONValue(memory.host?.parkedCount), "host_cached_blocks": JSONValue(memory.host?.contentCount),
    ]
  }

  private static func hardware(_ report: StepReport, _ engine: Engine) -> JSONValue {
    let cost = report.outcome.cost
    return [
      "modelled": .bool(engine.device.isModelled), "device": .string(engine.device.name),
      "operations": JSONValue(cost.operations), "bytes": JSONValue(cost.bytes), "sm_busy": JSONValue(cost.smBusy),
      "tensor_busy": JSONValue(cost.tensorBusy), "bandwidth_busy": JSONValue(cost.bandwidthBusy),
      "energy_joules": JSONValue(cost.energy),
      "threads_busy": report.outcome.measurement.map { .array($0.threadsBusy.map { JSONValue($0) }) } ?? .null,
      "kernels": .array(
        engine.kernels(of: report).map { kernel in
          // What only SMs have is null elsewhere.
          let grid = { (count: Int) in JSONValue(kernel.tiles > 0 ? count : nil) }
          return [
            "kind": .string(kernel.kind.name), "layer": JSONValue(kernel.layer),
            "start_us": JSONValue(Double(kernel.start.nanoseconds) / 1e3),
            "duration_us": JSONValue(Double(kernel.duration.nanoseconds) / 1e3), "operations": JSONValue(kernel.operations),
            "bytes": JSONValue(kernel.bytes), "tiles": grid(kernel.tiles), "waves": grid(kernel.waves),
            "active_sms": grid(kernel.activeSMs), "tail_fill": JSONValue(kernel.tiles > 0 ? kernel.tailFill : nil),
            "bound": .string(kernel.bound.rawValue), "stream": .integer(kernel.stream),
            "sms": kernel.share.map { .array([.integer($0.lowerBound), .integer($0.upperBound)]) } ?? .null,
          ]
        }),
    ]
  }
}
