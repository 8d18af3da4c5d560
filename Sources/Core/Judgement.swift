/// What the model held likely where it judged the drafts of a request.
public struct Judgement: Equatable, Sendable {
  public struct Likelihood: Equatable, Sendable {
    public var token: TokenID
    /// At temperature 1, before anything is cut; 0...1, to four digits.
    public var share: Float

    public init(token: TokenID, share: Float) {
      self.token = token
      self.share = Float((Double(share) * 1e4).rounded() / 1e4)
    }
  }

  /// Tokens that are kept of each position.
  public static let kept = 5

  public var request: RequestID
  /// Of each position that was judged, the first behind the text first: its likeliest tokens, the likeliest first.
  public var leading: [[Likelihood]]

  public init(request: RequestID, leading: [[Likelihood]]) {
    self.request = request
    self.leading = leading
  }
}
