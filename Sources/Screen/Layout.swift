/// How much of a row or column of panels one of them asks for.
public enum Track: Hashable, Sendable {
  /// So many cells, fewer only when the area itself is too small.
  case exactly(Int)
  /// A part of what is left, in proportion to the weight, but at least so many cells.
  case share(Int = 1, atLeast: Int = 0)
}

extension Rect {
  /// Side by side, from left to right, with `gap` columns between.
  /// Together they fill the area; what does not fit is cut from the right.
  public func columns(_ tracks: [Track], gap: Int = 0) -> [Rect] {
    var rest = self
    return lengths(of: tracks, in: width, gap: gap).map { length in
      defer { _ = rest.cutLeft(gap) }
      return rest.cutLeft(length)
    }
  }

  /// One above the other, from top to bottom, with `gap` rows between.
  public func rows(_ tracks: [Track], gap: Int = 0) -> [Rect] {
    var rest = self
    return lengths(of: tracks, in: height, gap: gap).map { length in
      defer { _ = rest.cutTop(gap) }
      return rest.cutTop(length)
    }
  }
}

/// Fixed tracks first, then minima, then the rest by weight; the last cells of
/// the division go to the first shares, so equal shares differ by one at most.
private func lengths(of tracks: [Track], in total: Int, gap: Int) -> [Int] {
  var left = max(0, total - gap * max(0, tracks.count - 1))
  var result = tracks.map { track in
    let asked = switch track {
    case .exactly(let cells): cells
    case .share(_, let least): least
    }
    let given = min(max(0, asked), left)
    left -= given
    return given
  }
  var weight = tracks.reduce(0) { sum, track in if case .share(let weight, _) = track { sum + max(0, weight) } else { sum } }
  for (index, track) in tracks.enumerated() {
    guard case .share(let own, _) = track, weight > 0 else { continue }
    let given = (left * max(0, own) + weight - 1) / weight
    result[index] += given
    left -= given
    weight -= max(0, own)
  }
  return result
}
