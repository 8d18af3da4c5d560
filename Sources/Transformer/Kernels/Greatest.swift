/// The places of the `count` greatest of `scores`, ascending; of equal ones the first.
///
/// By the numbers' bits: the first digit splits all of them, the others only those that are still equal, so its time hardly
/// depends on the scores, and numbers that are none do no harm.
func placesOfGreatest(_ count: Int, of scores: UnsafeBufferPointer<Float>) -> [Int32] {
  if count >= scores.count { return scores.indices.map { Int32($0) } }
  if count <= 0 { return [] }
  let keys = scores.map(\.orderedBits)
  var (least, wanted) = (UInt32(0), count)
  var equal = keys
  for (shift, width) in [(UInt32(21), 11), (10, 11), (0, 10)] {
    let mask = UInt32(1 << width) - 1
    least |= withUnsafeTemporaryAllocation(of: Int32.self, capacity: 1 << width) { counts in
      counts.initialize(repeating: 0)
      for key in equal { counts[Int(key >> shift & mask)] += 1 }
      var digit = counts.count - 1
      while Int(counts[digit]) < wanted {
        wanted -= Int(counts[digit])
        digit -= 1
      }
      return UInt32(digit) << shift
    }
    equal = equal.filter { $0 >> shift == least >> shift }
  }
  var places: [Int32] = []
  places.reserveCapacity(count)
  for (place, key) in keys.enumerated() {
    if key > least {
      places.append(Int32(place))
    } else if key == least, wanted > 0 {
      wanted -= 1
      places.append(Int32(place))
    }
  }
  return places
}

extension Float {
  /// Ordered as the numbers are.
  fileprivate var orderedBits: UInt32 { bitPattern & 0x8000_0000 == 0 ? bitPattern | 0x8000_0000 : ~bitPattern }
}
