import Analysis
import Core
import Host

/// The requests in the order of the list, without making the list when it is long.
///
/// Up to `sortable` requests are filtered and sorted. More stand in order of
/// arrival only, and the filter is asked as rows come into view.
struct RequestSequence {
  static let sortable = 5_000
  /// Requests that a frame asks the filter about while it looks for the next rows.
  static let patience = 20_000

  /// Places in the order.
  let count: Int
  private let sorted: [Int32]?
  private let isReversed: Bool
  private let filter: RequestFilter
  private let run: Run

  init(_ run: Run, filter: RequestFilter, order: RequestOrder, isReversed: Bool) {
    self.run = run
    self.filter = filter
    self.isReversed = isReversed
    endsWithNewest = !isReversed && (order == .arrival || run.observatory.requests.count > Self.sortable)
    let requests = run.observatory.requests
    guard requests.count <= Self.sortable else {
      sorted = nil
      count = requests.count
      return
    }
    var listed = (0..<Int32(requests.count)).filter { filter.isEmpty || filter.matches(RequestID(Int($0)), in: run) }
    if order == .arrival {
      if isReversed { listed.reverse() }
    } else {
      let keys = listed.map { (number: $0, key: order.key(requests[Int($0)])) }
      listed = keys.sorted { left, right in
        switch (left.key, right.key) {
        case (let one?, let other?) where one != other: isReversed ? one > other : one < other
        case (.some, nil): true
        case (nil, .some): false
        default: left.number < right.number
        }
      }.map(\.number)
    }
    sorted = listed
    count = listed.count
  }

  var isSorted: Bool { sorted != nil }
  /// The newest arrival stands last.
  let endsWithNewest: Bool

  func request(at place: Int) -> RequestID {
    if let sorted { return RequestID(Int(sorted[place])) }
    return RequestID(isReversed ? count - 1 - place : place)
  }

  /// Nil when it is not listed.
  func place(of request: RequestID) -> Int? {
    if let sorted { return sorted.firstIndex(of: request.number) }
    guard request.index < count, isListed(request) else { return nil }
    return isReversed ? count - 1 - request.index : request.index
  }

  private func isListed(_ request: RequestID) -> Bool {
    sorted != nil || filter.isEmpty || filter.matches(request, in: run)
  }

  /// Up to `limit` listed places from `place` on.
  func forward(from place: Int, _ limit: Int, patience: Int = Self.patience) -> [Int] {
    var places: [Int] = []
    var next = max(0, place)
    let end = min(count, next + max(patience, limit))
    while next < end && places.count < limit {
      if isListed(request(at: next)) { places.append(next) }
      next += 1
    }
    return places
  }

  /// Up to `limit` listed places before `place`, in order.
  func backward(from place: Int, _ limit: Int, patience: Int = Self.patience) -> [Int] {
    var places: [Int] = []
    var next = min(count, place) - 1
    let end = max(0, next - max(patience, limit))
    while next >= end && places.count < limit {
      if isListed(request(at: next)) { places.append(next) }
      next -= 1
    }
    return places.reversed()
  }

  /// The places in view: from `first` on, or the last ones; moved so that `selected` is among them.
  func window(first: Int?, followsEnd: Bool, selected: Int?, height: Int) -> [Int] {
    guard height > 0, count > 0 else { return [] }
    var shown = first.map { forward(from: $0, height) } ?? (followsEnd ? backward(from: count, height) : forward(from: 0, height))
    if shown.count < height, let first {
      shown = backward(from: shown.first ?? min(first, count), height - shown.count) + shown
    }
    guard let selected, let top = shown.first, let bottom = shown.last else { return shown }
    if selected < top { return forward(from: selected, height) }
    return selected > bottom ? backward(from: selected + 1, height) : shown
  }
}
