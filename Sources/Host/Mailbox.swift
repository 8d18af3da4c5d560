import Synchronization

/// Holds one value: the newest wins, and taking it empties the box.
public final class Mailbox<Value: Sendable>: Sendable {
  private let content = Mutex<Value?>(nil)

  public init() {}

  public var isEmpty: Bool { content.withLock { $0 == nil } }
  public func post(_ value: Value) { content.withLock { $0 = value } }

  public func take() -> Value? {
    content.withLock { content in
      defer { content = nil }
      return content
    }
  }
}
