/// Measurements that cannot be compared with: which file, what is wrong, and the way out.
public struct ValidationFault: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
