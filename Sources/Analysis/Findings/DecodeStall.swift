import Core

/// Decodes wait while prompts are read alone.
///
/// The way out is to read prompts in chunks beside the decodes.
public struct DecodeStall: Finding {
  public static let descriptor = Descriptor(
    name: "decode-stall", summary: "running decodes were left out while prompts were read, for four decode steps' time or more",
    source: "generation stalls: Agrawal et al., Sarathi-Serve, OSDI 2024, section 3")

  static let times = 4
  /// Steps without a stall after which the next one is another case.
  static let pause = 64

  /// Nanoseconds of a step that only decodes: a mean, the newest an eighth of it.
  private var decodeStep = 0
  private var stalled = EngineTime.zero
  private var prompts = 0
  private var isTold = false
  private var quiet = Self.pause
  private var cases = 0
  private var time = EngineTime.zero

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    let step = evidence.step
    if step.prefillTokens == 0, step.decodeTokens > 0 {
      let cost = Int(step.duration.nanoseconds)
      decodeStep = decodeStep == 0 ? cost : (decodeStep * 7 + cost) / 8
    }
    let waiting = Int(step.running - step.sequences)
    guard step.flights == 0, step.prefillTokens > 0, step.decodeTokens == 0, waiting > 0, decodeStep > 0 else {
      stalled = .zero
      prompts = 0
      isTold = false
      quiet += 1
      return []
    }
    stalled += step.duration
    prompts += Int(step.prefillTokens)
    guard stalled.nanoseconds >= Self.times * decodeStep else { return [] }
    // The whole stall counts once it is one, then each further step.
    time += isTold ? step.duration : stalled
    defer {
      isTold = true
      quiet = 0
    }
    guard !isTold, quiet >= Self.pause else { return [] }
    cases += 1
    return [
      "\(waiting.grouped) \(waiting == 1 ? "decode has" : "decodes have") waited \(stalled.legible) for \(prompts.grouped) tokens of prompts; "
        + "a decode step takes \(EngineTime(nanoseconds: Int64(decodeStep)).legible)"
    ]
  }

  public var summary: String? {
    guard cases > 0 else { return nil }
    return "\(cases.grouped) \(cases == 1 ? "time" : "times") decodes stalled for prompts; \(time.legible) in all"
  }
}
