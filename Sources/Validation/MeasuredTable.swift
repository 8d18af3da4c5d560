/// A CSV file of measurements: a header that names the columns, then one row a line.
public struct MeasuredTable: Sendable {
  public let file: String

  public init(file: String) { self.file = file }
}
