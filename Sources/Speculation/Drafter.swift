public import Core

/// Guesses the next tokens of a request, for the device to verify.
///
/// A guess can be wrong, late or missing and changes no text: what stands is what the model would have said.
public protocol Drafter: Sendable {
  static var descriptor: Descriptor { get }
  /// Where its drafts come from. Where it is not the text, the device makes them and `propose` is not asked.
  var means: DraftMeans { get }
  /// Its drafts branch.
  var isTree: Bool { get }
  /// Tokens that may follow the request's known ones. Fewer than `limit`, or none, is always correct.
  mutating func propose(after request: Request, limit: Int) -> [TokenID]
  /// The same with how sure it is of each.
  mutating func draft(after request: Request, limit: Int) -> Draft
  /// The known tokens of `request` from `position` on are new; each is told once.
  mutating func observe(_ request: Request, from position: Int)
}

extension Drafter {
  public var means: DraftMeans { .text }
  public var isTree: Bool { false }
  public mutating func draft(after request: Request, limit: Int) -> Draft {
    Draft(request: request.id, tokens: propose(after: request, limit: limit))
  }
  public mutating func observe(_ request: Request, from position: Int) {}
}

/// Guesses nothing.
public struct NoSpeculation: Drafter {
  public static let descriptor = Descriptor(
    name: "none", summary: "one token for each request and step", source: "plain autoregressive decoding")

  public init() {}
  public mutating func propose(after request: Request, limit: Int) -> [TokenID] { [] }
}
