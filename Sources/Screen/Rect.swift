/// A place on the screen: column from the left, row from the top, both from 0.
public struct Point: Hashable, Sendable {
  public var column: Int
  public var row: Int

  public init(_ column: Int, _ row: Int) {
    self.column = column
    self.row = row
  }
}

/// Columns and rows, never negative.
public struct Size: Hashable, Sendable {
  public let width: Int
  public let height: Int

  public init(_ width: Int, _ height: Int) {
    self.width = max(0, width)
    self.height = max(0, height)
  }
}

/// An area of cells. Every operation is total: cutting more than there is gives
/// all there is, and an area without cells is an ordinary area.
public struct Rect: Hashable, Sendable {
  public var left: Int
  public var top: Int
  public private(set) var width: Int
  public private(set) var height: Int

  public init(_ left: Int, _ top: Int, _ width: Int, _ height: Int) {
    self.left = left
    self.top = top
    self.width = max(0, width)
    self.height = max(0, height)
  }

  /// One past the last column.
  public var right: Int { left + width }
  /// One past the last row.
  public var bottom: Int { top + height }
  public var size: Size { Size(width, height) }
  public var isEmpty: Bool { width == 0 || height == 0 }
  public var origin: Point { Point(left, top) }

  public func contains(_ point: Point) -> Bool {
    point.column >= left && point.column < right && point.row >= top && point.row < bottom
  }

  public func contains(_ other: Rect) -> Bool {
    other.isEmpty || (other.left >= left && other.right <= right && other.top >= top && other.bottom <= bottom)
  }

  public func intersection(_ other: Rect) -> Rect {
    let left = max(left, other.left)
    let top = max(top, other.top)
    return Rect(left, top, min(right, other.right) - left, min(bottom, other.bottom) - top)
  }

  /// Smaller by so many cells on each side; never turned inside out.
  public func inset(_ columns: Int, _ rows: Int) -> Rect {
    let columns = min(columns, width / 2)
    let rows = min(rows, height / 2)
    return Rect(left + columns, top + rows, width - 2 * columns, height - 2 * rows)
  }

  /// An area of `size` in the middle of this one, cut to fit.
  public func centred(_ size: Size) -> Rect {
    let width = min(size.width, width)
    let height = min(size.height, height)
    return Rect(left + (self.width - width) / 2, top + (self.height - height) / 2, width, height)
  }

  /// Row `index` from the top as an area of height 1, empty when there is none.
  public func row(_ index: Int) -> Rect {
    index >= 0 && index < height ? Rect(left, top + index, width, 1) : Rect(left, top, width, 0)
  }
}

/// Cutting: takes a strip off this area and returns it; what is left stays.
extension Rect {
  public mutating func cutTop(_ rows: Int) -> Rect {
    let rows = min(max(0, rows), height)
    defer {
      top += rows
      height -= rows
    }
    return Rect(left, top, width, rows)
  }

  public mutating func cutBottom(_ rows: Int) -> Rect {
    let rows = min(max(0, rows), height)
    height -= rows
    return Rect(left, bottom, width, rows)
  }

  public mutating func cutLeft(_ columns: Int) -> Rect {
    let columns = min(max(0, columns), width)
    defer {
      left += columns
      width -= columns
    }
    return Rect(left, top, columns, height)
  }

  public mutating func cutRight(_ columns: Int) -> Rect {
    let columns = min(max(0, columns), width)
    width -= columns
    return Rect(right, top, columns, height)
  }
}
