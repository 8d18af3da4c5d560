/// What each thing that can be chosen says of itself: menus, help, flags and
/// documentation are made from it.
public struct Descriptor: Hashable, Sendable {
  /// As typed on a command line: lower case, words joined by hyphens.
  public let name: String
  /// One line without a full stop.
  public let summary: String
  /// The paper, standard or system it follows.
  public let source: String
  /// Numbers that may follow the name, each with a colon: `chunked:512`.
  public let parameters: [Parameter]
  /// Between its numbers: `:`, or the `x` of `disaggregated:2x1`.
  public let separator: Character

  public init(name: String, summary: String, source: String, parameters: [Parameter] = [], separator: Character = ":") {
    self.name = name
    self.summary = summary
    self.source = source
    self.parameters = parameters
    self.separator = separator
  }

  /// How it is typed: `chunked[:tokens]`.
  public var usage: String {
    guard let last = parameters.last else { return name }
    let between = String(separator)
    return parameters.count == 1
      ? "\(name)[:\(last.name)]" : "\(name)[:\(parameters.map(\.name).joined(separator: between))]"
  }
}

/// A number that a member of an axis takes: the 512 of `chunked:512`.
public struct Parameter: Hashable, Sendable {
  /// One word: `tokens`.
  public let name: String
  /// What it does and its unit, without a full stop.
  public let summary: String
  public let range: ClosedRange<Int>
  /// Taken where none is given.
  public let standard: Int
  /// `50%` is written as well; its value is −50.
  public let takesShares: Bool
  /// Nothing but a share can be written.
  public var isShare: Bool { range.upperBound < 0 }

  public init(_ name: String, _ summary: String, range: ClosedRange<Int>, standard: Int, takesShares: Bool = false) {
    self.name = name
    self.summary = summary
    self.range = range
    self.standard = standard
    self.takesShares = takesShares
  }

  /// A share from 1% to 100%, whose value is −1 to −100.
  public init(share name: String, _ summary: String, standard percent: Int) {
    self.init(name, summary, range: -100 ... -1, standard: -percent, takesShares: true)
  }

  /// Nil for what it cannot be.
  func read(_ word: Substring) -> Int? {
    if takesShares, word.hasSuffix("%") { return Int(word.dropLast()).flatMap { (1...100).contains($0) ? -$0 : nil } }
    return isShare ? nil : Int(word).flatMap { range.contains($0) ? $0 : nil }
  }

  /// `a whole number from 1 to 8 or a share from 1% to 100%`
  var wanted: String {
    let (number, share) = ("a whole number from \(range.lowerBound) to \(range.upperBound)", "a share from 1% to 100%")
    return isShare ? share : takesShares ? "\(number) or \(share)" : number
  }

  public func written(_ value: Int) -> String { takesShares && value < 0 ? "\(-value)%" : "\(value)" }
}
