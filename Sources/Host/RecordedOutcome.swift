import Analysis
import Core
import Hardware

/// What came of a step, as a line of a recording.
///
/// | member | value |
/// | --- | --- |
/// | `step`, `ns` | its number; how long it took, nanoseconds |
/// | `emitted` | tokens that each slot of the batch gave |
/// | `accepted` | drafts of each slot that stood; absent when none did |
/// | `tokens` | what was emitted, in order of the slots |
/// | `operations`, `bytes` | of all kernels; `bandwidth` is the share of the machine's; absent when not known |
/// | `sm`, `tensor`, `joules` | of a modelled clock |
/// | `kernels` | `[kind, start ns, ns, operations, bytes, bound]` for each kind of kernel, all layers together |
/// | `threads` | of each thread, the part of the step in which it computed |
/// | `kept` | part of attention's weight on the keys that were read; absent where all are, or it was not measured |
/// | `drafts` | `[request, tokens …]` for each request that the step drafted for; `confidence` beside it; absent without speculation |
/// | `converted` | `[from, to, blocks, bytes, ns]` where keys and values were brought into another format; part of `ns` |
/// | `reloaded` | `[from, to, bytes, blocks, ns, way]` where weights were loaded in another format; part of `ns` |
/// | `trees` | where drafts branch: of each of them the number of the token that a token follows, −1 for the text |
/// | `judged` | `[request, [token, share, …] …]` for each request whose drafts were verified: the model's likeliest tokens of each position that it judged |
/// | `deviations` | `[request, position, divergence, 1 where the greedy token is the same, error of each layer's attention …]` for each comparison with an exact cache; absent without |
/// | `shadow_ns` | how long comparing took, beside `ns` |
/// | `draft_ns` | the part of `ns` that drafting took |
struct RecordedOutcome: Decodable {
  var step: Int
  var ns: Int64
  var emitted: [Int]
  var accepted: [Int]?
  var tokens: [TokenID]
  var operations, bytes, bandwidth, sm, tensor, joules: Double?
  var kernels: [Kernel]?
  var threads: [Double]?
  var drafts: [[Int32]]?
  var confidence: [[Float]]?
  var trees: [TokenTree]?
  var judged: [Judged]?
  var draft_ns: Int64?
  var converted: Conversion?
  var reloaded: Reload?

  struct Reload: Decodable {
    var reload: WeightReload

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      let formats = try (0..<2).map { _ in try fields.decode(String.self) }
      reload = WeightReload(
        from: formats[0], to: formats[1], bytes: try fields.decode(Int.self), blocks: try fields.decode(Int.self),
        duration: EngineTime(nanoseconds: try fields.decode(Int64.self)), way: try fields.decode(WeightReload.Way.self))
    }
  }

  struct Conversion: Decodable {
    var conversion: KVConversion

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      let formats = try (0..<2).map { _ in try fields.decode(KVFormat.self) }
      conversion = KVConversion(
        from: formats[0], to: formats[1], blocks: try fields.decode(Int.self), bytes: try fields.decode(Int.self),
        duration: EngineTime(nanoseconds: try fields.decode(Int64.self)))
    }
  }
  var deviations: [[Double]]?
  var shadow_ns: Int64?
  var kept: Double?

  struct Judged: Decodable {
    var judgement: Judgement

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      judgement = Judgement(request: RequestID(try fields.decode(Int.self)), leading: [])
      while !fields.isAtEnd {
        let numbers = try fields.decode([Double].self)
        judgement.leading.append(
          stride(from: 0, to: numbers.count - 1, by: 2).map { .init(token: TokenID(exactly: numbers[$0]) ?? -1, share: Float(numbers[$0 + 1])) })
      }
    }
  }

  struct Kernel: Decodable {
    var run: KernelRun

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      let name = try fields.decode(String.self)
      let start = EngineTime(nanoseconds: try fields.decode(Int64.self))
      let duration = EngineTime(nanoseconds: try fields.decode(Int64.self))
      let operations = try fields.decode(Double.self)
      let bytes = try fields.decode(Double.self)
      let bound = KernelRun.Bound(rawValue: try fields.decode(String.self))
      guard let kind = KernelRun.Kind.allCases.first(where: { $0.name == name }), let bound else {
        throw DecodingError.dataCorruptedError(in: fields, debugDescription: "no such kernel: \(name)")
      }
      run = KernelRun(
        kind: kind, layer: nil, start: start, duration: duration, operations: operations, bytes: bytes, tiles: 0, waves: 0,
        activeSMs: 0, tailFill: 0, bound: bound)
    }
  }

  var outcome: BatchOutcome {
    var cost = StepCost()
    cost.operations = operations ?? 0
    cost.bytes = bytes ?? 0
    cost.bandwidthBusy = bandwidth
    cost.smBusy = sm
    cost.tensorBusy = tensor
    cost.energy = joules
    let accepted = accepted ?? Array(repeating: 0, count: emitted.count)
    var outcome = BatchOutcome(
      slots: zip(accepted, emitted).map { BatchOutcome.Slot(accepted: $0, emitted: $1) }, tokens: tokens,
      duration: EngineTime(nanoseconds: ns), cost: cost,
      measurement: kernels.map { Measurement(kernels: $0.map(\.run), threadsBusy: threads ?? []) })
    outcome.judgements = (judged ?? []).map(\.judgement)
    outcome.measurement?.keptShare = kept
    outcome.drafting = EngineTime(nanoseconds: draft_ns ?? 0)
    outcome.conversion = converted?.conversion
    outcome.reload = reloaded?.reload
    outcome.shadowing = EngineTime(nanoseconds: shadow_ns ?? 0)
    outcome.deviations = (deviations ?? []).filter { $0.count >= 4 }.map {
      Deviation(
        request: RequestID(Int($0[0])), position: Int($0[1]), divergence: $0[2], agrees: $0[3] == 1, attention: $0[4...].map(Float.init))
    }
    for (number, draft) in (drafts ?? []).enumerated() where !draft.isEmpty {
      outcome.drafts.append(
        Draft(
          request: RequestID(Int(draft[0])), tokens: Array(draft[1...]),
          confidence: confidence.flatMap { number < $0.count ? $0[number] : nil } ?? [],
          tree: trees.flatMap { number < $0.count && $0[number].parents.count == draft.count - 1 ? $0[number] : nil }))
    }
    return outcome
  }

  static func json(_ outcome: BatchOutcome, step: Int) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("step", .integer(step)), ("ns", .integer(Int(outcome.duration.nanoseconds))),
      ("emitted", .array(outcome.slots.map { .integer(Int($0.emitted)) })),
    ]
    if outcome.slots.contains(where: { $0.accepted > 0 }) {
      members.append(("accepted", .array(outcome.slots.map { .integer(Int($0.accepted)) })))
    }
    members.append(("tokens", .array(outcome.tokens.map { .integer(Int($0)) })))
    let cost = outcome.cost
    for (name, value) in [
      ("operations", cost.operations), ("bytes", cost.bytes), ("bandwidth", cost.bandwidthBusy), ("sm", cost.smBusy),
      ("tensor", cost.tensorBusy), ("joules", cost.energy),
    ] as [(String, Double?)] {
      if let value { members.append((name, JSONValue(value))) }
    }
    if let measurement = outcome.measurement {
      let kernels = measurement.kernels.map { kernel -> JSONValue in
        [
          .string(kernel.kind.name), .integer(Int(kernel.start.nanoseconds)), .integer(Int(kernel.duration.nanoseconds)),
          .number(kernel.operations), .number(kernel.bytes), .string(kernel.bound.rawValue),
        ]
      }
      members.append(("kernels", .array(kernels)))
      members.append(("threads", .array(measurement.threadsBusy.map { JSONValue($0) })))
      if let kept = measurement.keptShare { members.append(("kept", JSONValue(kept))) }
    }
    if !outcome.drafts.isEmpty {
      members.append(("drafts", .array(outcome.drafts.map { draft in .array(([Int32(draft.request.index)] + draft.tokens).map { .integer(Int($0)) }) })))
      if outcome.drafts.contains(where: { !$0.confidence.isEmpty }) {
        members.append(("confidence", .array(outcome.drafts.map { .array($0.confidence.map { .number(Double($0)) }) })))
      }
    }
    if let done = outcome.conversion {
      members.append((
        "converted",
        [
          .string(done.from.rawValue), .string(done.to.rawValue), .integer(done.blocks), .integer(done.bytes),
          .integer(Int(done.duration.nanoseconds)),
        ]
      ))
    }
    if let done = outcome.reload {
      members.append((
        "reloaded",
        [
          .string(done.from), .string(done.to), .integer(done.bytes), .integer(done.blocks), .integer(Int(done.duration.nanoseconds)),
          .string(done.way.rawValue),
        ]
      ))
    }
    if outcome.drafts.contains(where: { $0.tree != nil }) {
      members.append(("trees", .array(outcome.drafts.map { .array(($0.tree?.parents ?? []).map { .integer(Int($0)) }) })))
    }
    if !outcome.judgements.isEmpty {
      members.append(("judged", .array(outcome.judgements.map { judgement in
        .array([.integer(judgement.request.index)] + judgement.leading.map { position in
          .array(position.flatMap { [.integer(Int($0.token)), .number((Double($0.share) * 1e4).rounded() / 1e4)] })
        })
      })))
    }
    if outcome.drafting > .zero { members.append(("draft_ns", .integer(Int(outcome.drafting.nanoseconds)))) }
    if !outcome.deviations.isEmpty {
      let rows = outcome.deviations.map { deviation -> JSONValue in
        .array(
          [.integer(deviation.request.index), .integer(deviation.position), .number(deviation.divergence), .integer(deviation.agrees ? 1 : 0)]
            + deviation.attention.map { .number(Double($0)) })
      }
      members.append(("deviations", .array(rows)))
    }
    if outcome.shadowing > .zero { members.append(("shadow_ns", .integer(Int(outcome.shadowing.nanoseconds)))) }
    return JSONValue(members)
  }
}

extension JSONValue {
  init(_ facts: RecordedDevice.Facts) {
    self = [
      "name": .string(facts.name), "contextLength": .integer(facts.contextLength), "vocabulary": .integer(facts.vocabulary),
      "endsOfText": .array(facts.endsOfText.map { .integer(Int($0)) }), "kvBytesPerToken": .integer(facts.kvBytesPerToken),
      "weightBytes": .integer(facts.weightBytes), "roundsActivations": .bool(facts.roundsActivations),
      "machine": facts.machine.map(JSONValue.init) ?? .null, "draftModel": JSONValue(facts.draftModel), "headWidth": JSONValue(facts.headWidth),
    ]
  }

  private init(_ machine: MeasuredMachine) {
    self = [
      "path": .string(machine.path), "threads": .integer(machine.threads),
      "memoryBytesPerSecond": .number(machine.memoryBytesPerSecond), "cacheBytesPerSecond": .number(machine.cacheBytesPerSecond),
      "floatOperationsPerSecond": .number(machine.floatOperationsPerSecond),
      "integerOperationsPerSecond": .number(machine.integerOperationsPerSecond),
    ]
  }
}
