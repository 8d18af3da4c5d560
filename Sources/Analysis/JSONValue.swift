/// A JSON document whose members keep their order, so that equal runs print equal bytes.
///
/// Numbers that JSON cannot hold (NaN and the infinities) become `null` on the way in.
public enum JSONValue: Equatable, Sendable {
  public struct Member: Equatable, Sendable {
    public var name: String
    public var value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  public init(_ count: Int?) { self = count.map(Self.integer) ?? .null }
  public init(_ quantity: Double?) { self = quantity.flatMap { $0.isFinite ? .number($0) : nil } ?? .null }
  public init(_ text: String?) { self = text.map(Self.string) ?? .null }
  public init(_ truth: Bool?) { self = truth.map(Self.bool) ?? .null }
  public init(_ members: [(String, JSONValue)]) { self = .object(members.map(Member.init)) }

  /// The member of an object; nil for other values and other names.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByNilLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral
{
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(value) }
}
