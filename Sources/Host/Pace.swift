/// Engine seconds for each wall second.
public enum Pace: Equatable, Sendable {
  /// Times real time.
  case times(Double)
  /// As fast as the machine can.
  case unlimited

  /// From slow to fast.
  public static let all: [Pace] = [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64].map(Pace.times) + [.unlimited]

  public var faster: Pace { neighbour(1) }
  public var slower: Pace { neighbour(-1) }

  private func neighbour(_ offset: Int) -> Pace {
    let position = Self.all.firstIndex(of: self) ?? 3
    return Self.all[min(max(position + offset, 0), Self.all.count - 1)]
  }
}
