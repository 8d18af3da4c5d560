import Core

/// Says which drafts stand where no model is there to say it: by rates that somebody typed, or by a profile that was
/// measured on a real model. There is no default: without a source nothing can be said.
///
/// Each verification is a draw by seed, request and position alone: a drafted length, and how many of such a draft stood.
/// Draws are independent; that a hard passage follows another is not in it.
public struct Acceptance: Equatable, Sendable {
  /// Requests of one kind of text.
  public struct Kind: Equatable, Sendable {
    /// The label of the trace whose requests these are; "" for all others.
    public var label: String
    /// `[n][m]`: times that n tokens were drafted and m of them stood. Counts or parts; what matters is their ratio.
    public var counts: [[Double]]

    public init(label: String, counts: [[Double]]) {
      self.label = label
      self.counts = counts
    }

    /// The longest draft there is.
    public var most: Int { counts.count - 1 }
    var total: Double { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// `[i]`: of the drafts that have a token i, the part in which it stood with all before it.
    public var rates: [Double?] {
      (0..<most).map { position in
        let long = counts[(position + 1)...]
        let reached = long.reduce(0) { $0 + $1.reduce(0, +) }
        return reached > 0 ? long.reduce(0) { $0 + $1[(position + 1)...].reduce(0, +) } / reached : nil
      }
    }

    /// Tokens that a verification of `drafts` gives on average, the model's own included; nil where such drafts are not known.
    public func expectedTokens(drafts: Int) -> Double? {
      guard drafts <= most, total > 0 else { return nil }
      var sum = 0.0
      for row in counts { for (stood, count) in row.enumerated() { sum += count * Double(1 + min(stood, drafts)) } }
      return sum / total
    }
  }

  /// One line: what the screen says of it.
  public var source: String
  /// The first is for requests of no other.
  public var kinds: [Kind]
  public var seed: UInt64
  /// Of each label of the trace, the kind.
  private var kindOfLabel: [Int] = []

  public init(source: String, kinds: [Kind], seed: UInt64 = 0) {
    require(!kinds.isEmpty, "an acceptance of no requests")
    self.source = source
    self.kinds = kinds
    self.seed = seed
  }

  /// `[0]` is the share of drafts whose first token stands, `[1]` those whose first two do, and so on; not rising.
  public init(rates: [Double], seed: UInt64 = 0) {
    var row = [Double](repeating: 0, count: rates.count + 1)
    for stood in 0...rates.count {
      row[stood] = (stood == 0 ? 1 : rates[stood - 1]) - (stood == rates.count ? 0 : rates[stood])
    }
    var counts = (0..<rates.count).map { [Double](repeating: 0, count: $0 + 1) }
    counts.append(row)
    self.init(
      source: "typed rates " + rates.map { "\($0)" }.joined(separator: ", "), kinds: [Kind(label: "", counts: counts)], seed: seed)
  }

  /// Drafts of a request that it can judge.
  public var most: Int { kinds.reduce(Int.max) { min($0, $1.most) } }

  /// Requests with a label that is a kind's name are of that kind.
  public mutating func match(labels: [String]) {
    kindOfLabel = labels.map { label in label.isEmpty ? 0 : kinds.firstIndex { $0.label == label } ?? 0 }
  }

  public func kind(ofLabel label: UInt16) -> Kind {
    kinds[Int(label) < kindOfLabel.count ? kindOfLabel[Int(label)] : 0]
  }

  /// How long the draft after `outputs` tokens of a request is, and how much of it would stand.
  func draw(_ request: RequestID, outputs: Int, label: UInt16) -> (drafts: Int, stand: Int) {
    let kind = kind(ofLabel: label)
    var digest = Digest()
    digest.fold(seed)
    digest.fold("acceptance")
    digest.fold(UInt64(UInt32(bitPattern: request.number)) << 32 | UInt64(outputs))
    var rest = Double(Digest.mix(digest.value) >> 11) * 0x1p-53 * kind.total
    for (drafts, row) in kind.counts.enumerated() {
      for (stand, count) in row.enumerated() {
        rest -= count
        if rest < 0 { return (drafts, stand) }
      }
    }
    return (kind.most, 0)
  }
}
