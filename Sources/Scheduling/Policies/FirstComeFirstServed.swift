import Core

/// Serves in order of arrival; running requests before waiting ones.
public struct FirstComeFirstServed: SchedulingPolicy {
  public static let descriptor = Descriptor(
    name: "fcfs",
    summary: "running requests in order of admission, then the queue; prompts in chunks",
    source: "vLLM V1 scheduler, policy fcfs (vllm/v1/core/sched/scheduler.py, 0.33)")

  public init() {}
}
