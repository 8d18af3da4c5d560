/// A log whose copies share everything except what is written after the copy.
///
/// Elements live in chunks of 512. A copy costs one reference; the first write
/// to a chunk after a copy copies that chunk and the list of chunks (one
/// reference for each 512 elements). So a log of a million requests can go into
/// every frame of a screen and every keyframe of a timeline.
///
/// ```
/// | chunk 0, full | chunk 1, full | … | last chunk, 1...512 elements |
/// ```
///
/// Not for removing: a log only grows. To step back, keep an older copy.
public struct ChunkedLog<Element> {
  @usableFromInline static var shift: Int { 9 }
  @usableFromInline static var mask: Int { (1 << shift) - 1 }

  /// All full but the last; never an empty one.
  @usableFromInline var chunks: [[Element]] = []
  @usableFromInline var length = 0

  @inlinable public init() {}

  @inlinable public init(_ elements: some Sequence<Element>) {
    for element in elements { append(element) }
  }

  @inlinable public mutating func append(_ element: Element) {
    if length & Self.mask == 0 {
      var chunk: [Element] = []
      chunk.reserveCapacity(1 << Self.shift)
      chunks.append(chunk)
    }
    chunks[chunks.count - 1].append(element)
    length += 1
  }
}

extension ChunkedLog: RandomAccessCollection, MutableCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { length }
  @inlinable public var count: Int { length }

  @inlinable public subscript(position: Int) -> Element {
    get { chunks[position >> Self.shift][position & Self.mask] }
    _modify { yield &chunks[position >> Self.shift][position & Self.mask] }
  }
}

extension ChunkedLog: Sendable where Element: Sendable {}

extension ChunkedLog: Equatable where Element: Equatable {}

extension ChunkedLog: ExpressibleByArrayLiteral {
  @inlinable public init(arrayLiteral elements: Element...) { self.init(elements) }
}
