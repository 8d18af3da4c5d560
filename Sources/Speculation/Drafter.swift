import Core

/// Guesses the next tokens of a request, for the device to verify.
public protocol Drafter: Sendable {
  static var descriptor: Descriptor { get }
  /// Tokens that may follow the request's known ones. Fewer than `limit`, or none, is always correct.
  mutating func propose(after request: Request, limit: Int) -> [TokenID]
}

/// Guesses nothing.
public struct NoSpeculation: Drafter {
  public static let descriptor = Descriptor(
    name: "none", summary: "one token for each request and step", source: "plain autoregressive decoding")

  public init() {}
  public mutating func propose(after request: Request, limit: Int) -> [TokenID] { [] }
}
