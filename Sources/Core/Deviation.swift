/// What a lossy cache did to one step of a request: the same tokens beside the same step with an exact cache.
public struct Deviation: Equatable, Sendable {
  public var request: RequestID
  /// Of the token after which the next was chosen.
  public var position: Int
  /// Kullback-Leibler divergence of the next token's distribution from the exact one, nats; 0 or more.
  public var divergence: Double
  /// Whether both would choose the same token greedily.
  public var agrees: Bool
  /// Of each layer: ‖attention output − exact one‖ ÷ ‖exact one‖.
  public var attention: [Float]

  public init(request: RequestID, position: Int, divergence: Double, agrees: Bool, attention: [Float]) {
    self.request = request
    self.position = position
    self.divergence = divergence
    self.agrees = agrees
    self.attention = attention
  }

  /// Mean over the layers; nil where there are none.
  public var attentionError: Double? {
    attention.isEmpty ? nil : attention.reduce(0) { $0 + Double($1) } / Double(attention.count)
  }
}
