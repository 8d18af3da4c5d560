import Core

/// Requests × steps, with the tokens computed in each cell: the picture that tests and the screen share.
///
/// ```
/// A  2 3 4 1 1
/// B  2 1 . . .
/// ```
///
/// Rows are requests by number, columns steps. A dot is a step without the
/// request; `x` one in which it was preempted and not computed. `~6` are six tokens
/// that went through a part of the layers.
public struct Lanes: Equatable, Sendable {
  public struct Cell: Equatable, Sendable {
    public var request: RequestID
    /// Tokens computed, drafts included; 0 where it was only preempted.
    public var tokens: Int32
    public var drafts: Int16 = 0
    public var emitted: Int16 = 0
    public var isPreempted = false
    /// Its tokens went through a part of the layers, and are not computed yet.
    public var isUnderWay = false
  }

  public struct Column: Equatable, Sendable {
    public var step: StepIndex
    /// In the order of the batch.
    public var cells: [Cell]

    public subscript(request: RequestID) -> Cell? { cells.first { $0.request == request } }
  }

  /// In order of steps.
  public var columns: [Column]

  public init(columns: [Column] = []) {
    self.columns = columns
  }

  /// Requests with a cell, by number.
  public var rows: [RequestID] {
    var rows: [RequestID] = []
    for column in columns { rows.append(contentsOf: column.cells.map(\.request)) }
    rows.sort()
    var distinct: [RequestID] = []
    for row in rows where distinct.last != row { distinct.append(row) }
    return distinct
  }
}

extension Lanes: CustomStringConvertible {
  /// Rows named A to X by request number where there are at most 24 requests, else r0, r1, …;
  /// columns as wide as their widest number.
  public var description: String {
    let rows = rows
    let lettered = (rows.last?.index ?? 0) < 24
    let names = rows.map { row in
      lettered ? String(Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8(row.index)))) : row.description
    }
    var lines = names.map { Self.pad($0, to: names.map(\.count).max() ?? 0, left: false) + " " }
    for column in columns {
      let texts = rows.map { row in
        guard let cell = column[row] else { return "." }
        return cell.isPreempted && cell.tokens == 0 ? "x" : (cell.isUnderWay ? "~" : "") + String(cell.tokens)
      }
      let width = texts.map(\.count).max() ?? 1
      for (index, text) in texts.enumerated() { lines[index] += " " + Self.pad(text, to: width, left: true) }
    }
    return lines.joined(separator: "\n")
  }

  private static func pad(_ text: String, to width: Int, left: Bool) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return left ? space + text : text + space
  }
}

/// Draws the lanes while steps go by.
public struct LaneRecorder: Equatable, Sendable {
  /// Steps kept at least; nil keeps all, for tests and short runs.
  public let limit: Int?
  private var columns: [Lanes.Column] = []

  public init(limit: Int? = nil) {
    self.limit = limit
  }

  /// The last `limit` steps.
  public var lanes: Lanes { Lanes(columns: limit.map { columns.suffix($0) } ?? columns) }

  public mutating func fold(_ events: [EngineEvent], _ step: StepRecord) {
    var cells: [Lanes.Cell] = []
    cells.reserveCapacity(events.count)
    var anyPreempted = false
    for event in events {
      switch event {
      case .computed(let request, _, let count, let drafted, _, let emitted):
        // A request preempted and admitted again in one step keeps one cell.
        if anyPreempted, let index = cells.firstIndex(where: { $0.isPreempted && $0.request == request }) {
          cells[index].tokens = count
          cells[index].drafts = drafted
          cells[index].emitted = emitted
        } else {
          cells.append(Lanes.Cell(request: request, tokens: count, drafts: drafted, emitted: emitted))
        }
      case .passed(let request, _, let count, _, _):
        cells.append(Lanes.Cell(request: request, tokens: count, isUnderWay: true))
      case .preempted(let request, _, _):
        anyPreempted = true
        cells.append(Lanes.Cell(request: request, tokens: 0, isPreempted: true))
      default:
        break
      }
    }
    columns.append(Lanes.Column(step: step.step, cells: cells))
    // Dropping half at a time keeps the cost of a step constant.
    if let limit, columns.count >= 2 * max(limit, 1) { columns.removeFirst(columns.count - limit) }
  }
}
