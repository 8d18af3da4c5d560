import Core

/// Steps wait for copies over the link to host memory.
///
/// The way out is fewer swaps, copies in groups, or copies beside the kernels.
public struct HostLinkBound: Finding {
  public static let descriptor = Descriptor(
    name: "host-link-bound", summary: "copies that nothing hid took a quarter of 64 steps' time or more",
    source: "swapping over PCIe: Shen et al., FastSwitch, arXiv 2411.18424, section 2")

  static let window = 64

  private var steps = 0
  private var transfer = EngineTime.zero
  private var time = EngineTime.zero
  private var blocks = 0
  private var isBound = false
  private var cases = 0
  private var transferInAll = EngineTime.zero

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    steps += 1
    transfer += evidence.step.transfer
    time += evidence.step.duration
    blocks += Int(evidence.step.swappedBlocks)
    guard steps == Self.window else { return [] }
    let share = time > .zero ? transfer.seconds / time.seconds : 0
    let copied = blocks
    let wasBound = isBound
    isBound = share >= 0.25
    if isBound { transferInAll += transfer }
    (steps, transfer, time, blocks) = (0, .zero, .zero, 0)
    guard isBound, !wasBound else { return [] }
    cases += 1
    return ["copies of \(copied.grouped) blocks over the host link took \(share.percent()) of the last \(Self.window) steps"]
  }

  public var summary: String? {
    guard cases > 0 else { return nil }
    return "\(cases.grouped) \(cases == 1 ? "time" : "times") steps waited for the host link; \(transferInAll.legible) in all"
  }
}
