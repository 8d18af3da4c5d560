/// How long prompts or outputs are: whole tokens, none of them in between.
struct LengthProfile: Equatable, Sendable {
  let count: Int
  let total: Int
  /// The least length that so many of all reach: the value at rank ⌈q · n⌉. 0 without values.
  let p50, p90, p99, longest: Int
  /// Values in each quarter of an octave, from 1 token on.
  let quarters: [Int]

  init(_ lengths: [Int]) {
    let sorted = lengths.sorted()
    func quantile(_ percent: Int) -> Int { sorted.isEmpty ? 0 : sorted[max(0, (sorted.count * percent + 99) / 100 - 1)] }
    count = sorted.count
    total = sorted.reduce(0, +)
    p50 = quantile(50)
    p90 = quantile(90)
    p99 = quantile(99)
    longest = sorted.last ?? 0
    var quarters = [Int](repeating: 0, count: sorted.isEmpty ? 0 : Self.quarter(of: longest) + 1)
    for length in sorted { quarters[Self.quarter(of: length)] += 1 }
    self.quarters = quarters
  }

  var mean: Double { count > 0 ? Double(total) / Double(count) : .nan }

  /// Octave ⌊log₂ n⌋ and the quarter of it: n = 2ᵏ (1 + j/4 …), as floating-point numbers divide an octave.
  static func quarter(of length: Int) -> Int {
    guard length > 1 else { return 0 }
    let octave = Int.bitWidth - 1 - length.leadingZeroBitCount
    let part = octave >= 2 ? (length >> (octave - 2)) & 3 : (length << (2 - octave)) & 3
    return 4 * octave + part
  }

  /// Counts in buckets of a quarter, a half or a whole octave, the finest of which not more than `most` are
  /// needed from the octave of the least value to that of the longest. Whole octaves may be more than `most`.
  func buckets(atMost most: Int) -> (counts: [Int], firstOctave: Int, perOctave: Int) {
    guard let least = quarters.firstIndex(where: { $0 > 0 }), most > 0 else { return ([], 0, 1) }
    let first = least / 4
    let octaves = (quarters.count - 1) / 4 - first + 1
    let perOctave = [4, 2].first { octaves * $0 <= most } ?? 1
    var counts = [Int](repeating: 0, count: octaves * perOctave)
    for (quarter, number) in quarters.enumerated() where number > 0 {
      counts[(quarter - 4 * first) * perOctave / 4] += number
    }
    return (counts, first, perOctave)
  }
}
