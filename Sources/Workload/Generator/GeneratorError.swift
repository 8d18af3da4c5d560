/// A generator's text that cannot be followed: the part that is wrong, and the forms there are. One line.
public struct GeneratorError: Error, Equatable, CustomStringConvertible {
  public var part: String
  public var problem: String
  public var wayOut: String

  public init(part: String, problem: String, wayOut: String) {
    self.part = part
    self.problem = problem
    self.wayOut = wayOut
  }

  public var description: String { "generator: \(part): \(problem) — \(wayOut)" }
}
