/// A statement about a subject that must always hold, and how to find it broken.
///
/// Tests check a subject's list after every operation; the list is data so that
/// a screen can show it too.
public struct Invariant<Subject>: Sendable {
  public let name: String
  public let statement: String
  /// The sentence that shows the statement broken, or nil while it holds.
  public let violation: @Sendable (Subject) -> String?

  public init(_ name: String, _ statement: String, violation: @escaping @Sendable (Subject) -> String?) {
    self.name = name
    self.statement = statement
    self.violation = violation
  }
}

extension Sequence {
  /// The first broken statement of `subject`, with its name.
  public func firstViolation<Subject>(of subject: Subject) -> String? where Element == Invariant<Subject> {
    for invariant in self {
      if let sentence = invariant.violation(subject) { return "\(invariant.name): \(sentence)" }
    }
    return nil
  }
}
