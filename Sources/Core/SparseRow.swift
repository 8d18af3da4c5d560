/// A token's keys, or its values, of one head, of which only the largest elements are kept.
///
/// Every token keeps as many, so rows have one size and a token is found without an offset:
///
/// ```
/// | bitmap: 64 channels to a word | kept elements in half precision, in the order of channels | up to whole eights |
/// ```
///
/// Of elements of equal size the lower channels stay. The kernels of the publication count what each tile of 64 elements
/// keeps; a tile there has an offset of its own, and its elements are padded to whole eights: `tiledBytes`.
public struct SparseRow: Equatable, Sendable {
  public static let source = "Mustafar (Joo et al., arXiv 2505.22913): per token by size, bitmap and packed elements"

  public let headWidth: Int
  /// Elements that stay: the share, rounded up.
  public let kept: Int

  public init(percent: Int, headWidth: Int) {
    self.headWidth = headWidth
    kept = (headWidth * percent + 99) / 100
  }

  /// Of the cpu's blocks.
  public var bytes: Int { (headWidth + 63) / 64 * 8 + (kept + 7) / 8 * 16 }

  /// Of tiles of 64 elements on a GPU: eight bytes of bitmap, four of offset, and what is kept; the last eight of a tile lack
  /// three and a half on average, for tiles of keys run along tokens, which keep a channel or not as they like.
  public var tiledBytes: Int { (headWidth * (8 + 4 + 7) + 63) / 64 + 2 * kept }
}

extension KVFormat {
  /// Of a full block, the part of the elements that is stored, 0...1.
  public func elementShare(headWidth: Int) -> Double {
    guard case .magnitudeSparse(let percent) = self else { return 1 }
    return Double(SparseRow(percent: percent, headWidth: headWidth).kept) / Double(headWidth)
  }

  /// Bytes of one token's keys and values as a GPU's kernels have them.
  public func bytesPerTokenInTiles(kvHeads: Int, headWidth: Int) -> Int {
    guard case .magnitudeSparse(let percent) = self else { return bytesPerToken(kvHeads: kvHeads, headWidth: headWidth) }
    return kvHeads * 2 * SparseRow(percent: percent, headWidth: headWidth).tiledBytes
  }
}
