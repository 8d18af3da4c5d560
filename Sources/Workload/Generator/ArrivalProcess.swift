import Core

/// How requests follow each other.
public enum ArrivalProcess: Equatable, Sendable {
  /// Independent users: exponential gaps.
  case poisson(ratePerSecond: Double)
  /// Gaps with a coefficient of variation: above 1 the requests come in bursts, below 1 they keep step.
  ///
  /// - Source: the burstiness of `vllm bench` is 1 / variation².
  case gamma(ratePerSecond: Double, variation: Double)
  /// Everything at once.
  case allAtOnce

  public static let catalogue: [Descriptor] = [
    Descriptor(name: "poisson", summary: "poisson:RATE — independent users, RATE requests a second", source: "Poisson process"),
    Descriptor(
      name: "gamma", summary: "gamma:RATE:CV — gaps of coefficient of variation CV, above 1 bursty",
      source: "renewal process with gamma gaps; ServeGen finds them in production"),
    Descriptor(name: "all-at-once", summary: "all-at-once:N — N requests at the start, as in a batch job", source: "offline inference"),
  ]
}

/// The moments of a process, one after the other, in whole nanoseconds.
struct Gaps {
  private let process: ArrivalProcess
  private var random: SplitMix
  private var now: Int64 = 0

  init(_ process: ArrivalProcess, seed: UInt64, purpose: String) {
    self.process = process
    random = SplitMix(seed: seed, purpose: purpose)
  }

  /// The next moment, from 0: the first request arrives after one gap.
  mutating func next() -> Int64 {
    switch process {
    case .poisson(let rate): advance(random.exponential() / rate)
    case .gamma(let rate, let variation):
      let scale = variation * variation
      advance(random.gamma(shape: 1 / scale) * scale / rate)
    case .allAtOnce: break
    }
    return now
  }

  private mutating func advance(_ seconds: Double) {
    let (sum, overflowed) = now.addingReportingOverflow(EngineTime.seconds(seconds).nanoseconds)
    now = overflowed ? TraceLimits.time : min(sum, TraceLimits.time)
  }
}
