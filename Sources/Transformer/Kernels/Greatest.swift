/// The places of the `count` greatest of `scores`, ascending; of equal ones the first.
///
/// Digit by digit of the numbers' bits, so that its time is four passes whatever the scores are, and numbers that are none
/// do no harm.
func placesOfGreatest(_ count: Int, of scores: UnsafeBufferPointer<Float>) -> [Int32] {
  if count >= scores.count { return scores.indices.map { Int32($0) } }
  if count <= 0 { return [] }
  /// Ordered as the numbers are.
  func key(_ score: Float) -> UInt32 {
    let bits = score.bitPattern
    return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
  }
  var least: UInt32 = 0
  var wanted = count
  withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { counts in
    for shift in [UInt32(24), 16, 8, 0] {
      counts.initialize(repeating: 0)
      for score in scores {
        let key = key(score)
        if shift == 24 || (key ^ least) >> (shift + 8) == 0 { counts[Int(key >> shift & 255)] += 1 }
      }
      var digit = 255
      while Int(counts[digit]) < wanted {
        wanted -= Int(counts[digit])
        digit -= 1
      }
      least |= UInt32(digit) << shift
    }
  }
  var places: [Int32] = []
  places.reserveCapacity(count)
  for (place, score) in scores.enumerated() {
    let key = key(score)
    if key > least {
      places.append(Int32(place))
    } else if key == least, wanted > 0 {
      wanted -= 1
      places.append(Int32(place))
    }
  }
  return places
}
