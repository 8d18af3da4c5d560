import Core

/// SMs stand idle because the last wave of tiles of a kernel does not fill them.
///
/// The way out is a batch whose tiles fill the waves: more sequences, another token budget, fewer GPUs for a model.
public struct WaveTail: Finding {
  public static let descriptor = Descriptor(
    name: "wave-tail", summary: "for 64 steps SMs were idle for a third of the time or more, as last waves did not fill them",
    source: "wave quantisation: NVIDIA, Matrix Multiplication Background User's Guide; Osama et al., Stream-K, PPoPP 2023")

  static let window = 64
  static let share = 1.0 / 3

  private var steps = 0
  private var idle = 0.0
  private var time = 0.0
  private var sequences = 0
  private var isIdle = false
  private var cases = 0
  private var idleInAll = 0.0

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    guard let tail = evidence.step.cost.tailIdle else { return [] }
    let seconds = evidence.step.duration.seconds
    steps += 1
    idle += tail * seconds
    time += seconds
    sequences += Int(evidence.step.sequences)
    guard steps == Self.window else { return [] }
    let (share, lost, mean) = (time > 0 ? idle / time : 0, idle, Double(sequences) / Double(steps))
    (steps, idle, time, sequences) = (0, 0, 0, 0)
    let wasIdle = isIdle
    isIdle = share >= Self.share
    if isIdle { idleInAll += lost }
    guard isIdle, !wasIdle else { return [] }
    cases += 1
    return [
      "SMs were idle for \(share.percent()) of the last \(Self.window) steps in last waves that did not fill them, with \(mean.fixed(1)) sequences a step"
    ]
  }

  public var summary: String? {
    guard cases > 0 else { return nil }
    return "\(cases.grouped) \(cases == 1 ? "time" : "times") last waves left SMs idle; \(EngineTime.seconds(idleInAll).legible) of all of them in all"
  }
}
