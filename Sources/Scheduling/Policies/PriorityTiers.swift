import Core

/// Serves the lowest priority number first and preempts the highest.
///
/// Only the queue and the choice of a victim follow priority: what runs stays in
/// order of admission.
public struct PriorityTiers: SchedulingPolicy {
  public static let descriptor = Descriptor(
    name: "priority",
    summary: "lowest priority number first out of the queue, highest first out of memory",
    source: "vLLM V1 scheduler, policy priority (vllm/v1/core/sched/scheduler.py, 0.33)")

  public init() {}

  public func rank(_ request: Request) -> Int { request.priority }
  public var victim: Victim { .leastUrgent }
}
