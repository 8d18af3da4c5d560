import Core

/// The slot, and so the letter and the colour, of each request while it runs.
///
/// Of the free slots the one freed longest ago is given out, so that a letter
/// does not change its owner before the eye has let go. When more run than there
/// are letters, slots start over.
public struct Badges: Sendable {
  private var slots: [RequestID: Int] = [:]
  private var free: [Int] = []
  private var issued = 0

  /// Letters that can be told apart.
  static let letters = 24

  public init() {}

  /// Nil for a request that waits or has left.
  public func slot(of request: RequestID) -> Int? { slots[request] }

  mutating func fold(_ events: [EngineEvent]) {
    for event in events {
      switch event {
      case .admitted(let request, _) where slots[request] == nil:
        if issued < Self.letters || free.isEmpty {
          slots[request] = issued
          issued += 1
        } else {
          slots[request] = free.removeFirst()
        }
      case .finished(let request, _), .preempted(let request, _, _):
        if let slot = slots.removeValue(forKey: request) { free.append(slot) }
      default: break
      }
    }
  }
}
