import Analysis
import Core

extension ChunkedLog<StepRecord> {
  /// Index of the first step at or after `low` that ends later than `time`. O(log steps).
  func firstStep(endingAfter time: EngineTime, from low: Int = 0) -> Int {
    var (low, high) = (low, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].end > time { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Index of the first step at or after `low` that starts at `time` or later. O(log steps).
  func firstStep(startingFrom time: EngineTime, from low: Int = 0) -> Int {
    var (low, high) = (low, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].start >= time { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension ChunkedLog<Mark> {
  /// Index of the first mark at `time` or later. O(log marks).
  func firstMark(from time: EngineTime) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].time >= time { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
