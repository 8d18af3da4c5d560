import Core
import HeapModule

/// The requests that wait, in the order of the policy. Only its head is ever
/// looked at, so a step costs the same whether ten wait or ten thousand.
///
/// Not for lookup by request: leaving from the middle (a client hangs up) only
/// marks the entry, which is dropped when it reaches the head.
public struct WaitingQueue: Sendable {
  struct Entry: Comparable, Sendable {
    let rank: Int
    let order: Int
    let id: RequestID
    let slot: Int32

    static func < (left: Self, right: Self) -> Bool {
      if left.rank != right.rank { return left.rank < right.rank }
      if left.order != right.order { return left.order < right.order }
      return left.id < right.id
    }
  }

  private var heap = Heap<Entry>()
  /// Requests that left from the middle and are still in the heap, by number.
  private var gone: Set<RequestID> = []

  public init() {}

  public var count: Int { heap.count - gone.count }
  public var isEmpty: Bool { count == 0 }

  mutating func insert(_ entry: Entry) { heap.insert(entry) }

  /// The slot of the request to be served next.
  public mutating func head() -> Int? {
    while let first = heap.min {
      guard gone.contains(first.id) else { return Int(first.slot) }
      gone.remove(first.id)
      _ = heap.popMin()
    }
    return nil
  }

  mutating func removeHead() { _ = heap.popMin() }

  mutating func remove(_ id: RequestID) { gone.insert(id) }

  /// The slots of the first `limit` requests, in order. O(n + limit log n): for looking, not for planning.
  public func slots(first limit: Int) -> [Int] {
    var heap = heap
    var slots: [Int] = []
    while slots.count < limit, let entry = heap.popMin() {
      if !gone.contains(entry.id) { slots.append(Int(entry.slot)) }
    }
    return slots
  }

  mutating func removeAll() {
    heap = Heap()
    gone = []
  }
}
