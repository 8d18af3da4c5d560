import Core

/// KV memory is what limits the batch: it is full, and requests wait.
public struct PoolExhausted: Finding {
  public static let descriptor = Descriptor(
    name: "pool-exhausted", summary: "10 steps with 98 % of the KV pool in use and requests waiting",
    source: "KV memory as the limit of the batch: Kwon et al., SOSP 2023, section 3")

  static let patience = 10

  private var stepsInARow = 0
  private var cases = 0
  private var steps = 0
  private var allSteps = 0

  public init() {}

  public mutating func observe(_ evidence: Evidence) -> [String] {
    allSteps += 1
    guard let pool = evidence.bench.kvBlocks, evidence.step.waiting > 0, Int(evidence.step.usedBlocks) * 100 >= pool * 98 else {
      stepsInARow = 0
      return []
    }
    stepsInARow += 1
    if stepsInARow < Self.patience { return [] }
    steps += stepsInARow == Self.patience ? Self.patience : 1
    guard stepsInARow == Self.patience else { return [] }
    cases += 1
    return [
      "\(Int(evidence.step.usedBlocks).grouped) of \(pool.grouped) blocks are in use, "
        + "\(Int(evidence.step.waiting).grouped) requests wait for memory"
    ]
  }

  public var summary: String? {
    guard cases > 0 else { return nil }
    return "the KV pool was full for \(steps.grouped) of \(allSteps.grouped) steps"
  }
}
