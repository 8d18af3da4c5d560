import Core

/// Serves the shortest prompt of the queue first.
///
/// Kind to the median, unkind to the longest prompt, so waiting earns a head
/// start: a prompt may be `tokensForgivenPerSecond` tokens longer for each second
/// that it arrived earlier.
public struct ShortestPromptFirst: SchedulingPolicy {
  public static let descriptor = Descriptor(
    name: "shortest-prompt",
    summary: "shortest prompt of the queue first; waiting earns a head start",
    source: "shortest job first with aging: Silberschatz et al., Operating System Concepts, ch. 5")

  public var tokensForgivenPerSecond = 200

  public init() {}

  public func rank(_ request: Request) -> Int {
    request.prompt.count + Int(request.arrival.nanoseconds / 1_000_000) * tokensForgivenPerSecond / 1_000
  }
}
