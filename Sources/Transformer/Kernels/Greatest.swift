/// The places of the `count` greatest of `scores`, ascending; of equal ones the first.
///
/// By the numbers' bits: the first digit of all of them says which could be among the greatest, and only those are looked at
/// again, so its time hardly depends on the scores, and numbers that are none do no harm.
func placesOfGreatest(_ count: Int, of scores: UnsafeBufferPointer<Float>) -> [Int32] {
  if count >= scores.count { return scores.indices.map { Int32($0) } }
  guard count > 0, let scores = scores.baseAddress.map({ UnsafeBufferPointer(start: $0, count: scores.count) }) else { return [] }
  return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2 * scores.count + 16) { room in
    guard let keys = room.baseAddress else { return [] }
    for place in scores.indices { keys[place] = scores[place].orderedBits }
    let first = boundary(of: UnsafeBufferPointer(start: keys, count: scores.count), count, shift: 21, width: 11)
    // Who reaches the digit of the last: little more than are wanted.
    let least = first.digit << 21
    var candidates: [Int32] = []
    candidates.reserveCapacity(count + count / 2 + 16)
    var place = 0
    let bound = SIMD16<UInt32>(repeating: least)
    while place + 16 <= scores.count {
      let lanes = UnsafeRawPointer(keys + place).loadUnaligned(as: SIMD16<UInt32>.self)
      if any(lanes .>= bound) { for lane in 0..<16 where keys[place + lane] >= least { candidates.append(Int32(place + lane)) } }
      place += 16
    }
    while place < scores.count {
      if keys[place] >= least { candidates.append(Int32(place)) }
      place += 1
    }
    let equal = keys + scores.count
    var (wanted, limit) = (first.wanted, least)
    for (shift, width) in [(UInt32(10), 11), (0, 10)] {
      var number = 0
      for place in candidates where keys[Int(place)] >> (shift + UInt32(width)) == limit >> (shift + UInt32(width)) {
        equal[number] = keys[Int(place)]
        number += 1
      }
      let next = boundary(of: UnsafeBufferPointer(start: equal, count: number), wanted, shift: shift, width: width)
      limit |= next.digit << shift
      wanted = next.wanted
    }
    candidates.removeAll { place in
      let key = keys[Int(place)]
      if key == limit, wanted > 0 {
        wanted -= 1
        return false
      }
      return key <= limit
    }
    return candidates
  }
}

/// The digit, `width` bits from `shift` on, of the last of the `wanted` greatest, and how many of those that have it are wanted.
private func boundary(of keys: UnsafeBufferPointer<UInt32>, _ wanted: Int, shift: UInt32, width: Int) -> (digit: UInt32, wanted: Int) {
  withUnsafeTemporaryAllocation(of: Int32.self, capacity: 1 << width) { counts in
    counts.initialize(repeating: 0)
    let mask = UInt32(1 << width) - 1
    for key in keys { counts[Int(key >> shift & mask)] += 1 }
    var (digit, wanted) = (counts.count - 1, wanted)
    while Int(counts[digit]) < wanted {
      wanted -= Int(counts[digit])
      digit -= 1
    }
    return (UInt32(digit), wanted)
  }
}

extension Float {
  /// Ordered as the numbers are.
  fileprivate var orderedBits: UInt32 { bitPattern ^ (UInt32(bitPattern: Int32(bitPattern: bitPattern) >> 31) | 0x8000_0000) }
}
