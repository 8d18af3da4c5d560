/// A request, numbered from 0 in the order in which requests arrive.
public struct RequestID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  public let number: Int32

  @inlinable public init(_ number: Int) { self.number = Int32(truncatingIfNeeded: number) }
  @inlinable public var index: Int { Int(number) }
  @inlinable public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
  public var description: String { "r\(number)" }

  public init(from decoder: any Decoder) throws {
    number = try decoder.singleValueContainer().decode(Int32.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(number)
  }
}

/// A block of KV memory. Number 0 is never handed out (vLLM's null block).
public typealias BlockID = Int32

/// An entry of a vocabulary.
public typealias TokenID = Int32

/// A step of the engine, numbered from 0.
public typealias StepIndex = Int
