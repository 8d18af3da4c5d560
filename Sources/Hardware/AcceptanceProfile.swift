#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How the drafts of a drafter fared on a real model, by kind of text, as a file: `workbench.acceptance/1`.
///
/// ```
/// {"schema":"workbench.acceptance/1","model":"workbench-large","drafter":"suffix","draft_tokens":4,
///  "classes":[{"class":"code","verifications":812,"drafted":…,"accepted_by_position":[0.71,…],"counts":[[90],[12,30],…]}]}
/// ```
///
/// `counts[n][m]`: how often n tokens were drafted and m of them stood; steps without a draft are `counts[0][0]`. Drafts that
/// branch have `levels` too: tokens that are one, two, … behind the text, on average. The rest is for people.
public struct AcceptanceProfile: Decodable, Equatable, Sendable {
  public static let schema = "workbench.acceptance/1"

  public struct Kind: Decodable, Equatable, Sendable {
    public var `class`: String
    public var counts: [[Double]]
    public var levels: [Double]?
  }

  public var schema: String
  public var model: String
  public var drafter: String
  public var classes: [Kind]

  /// Reads a file.
  public init(_ text: String, name: String) throws(AcceptanceFault) {
    let read: Self
    do { read = try JSONDecoder().decode(Self.self, from: Data(text.utf8)) } catch {
      throw AcceptanceFault("\(name): not an acceptance profile (\(Self.schema)) — write one with `workbench profile-acceptance -o FILE`")
    }
    guard read.schema == Self.schema else {
      throw AcceptanceFault("\(name): schema \(read.schema), wanted \(Self.schema) — write it again with `workbench profile-acceptance`")
    }
    for kind in read.classes {
      guard kind.counts.count >= 2, kind.counts.enumerated().allSatisfy({ $1.count == $0 + 1 && $1.allSatisfy { $0 >= 0 } }),
        kind.counts.contains(where: { $0.contains { $0 > 0 } })
      else {
        throw AcceptanceFault("\(name): class \(kind.class): counts[n] must hold n + 1 counts, and some must be above 0 — write it again with `workbench profile-acceptance`")
      }
    }
    guard Set(read.classes.map { $0.levels?.isEmpty ?? true }).count < 2, read.classes.allSatisfy({ $0.levels?.allSatisfy { $0 >= 0 } ?? true }) else {
      throw AcceptanceFault("\(name): some classes have levels, of trees, and others have none — write it again with `workbench profile-acceptance`")
    }
    guard !read.classes.isEmpty else { throw AcceptanceFault("\(name): it has no classes — write it again with `workbench profile-acceptance`") }
    self = read
  }

  /// All classes, and before them their sum for requests of none of them.
  public func acceptance(seed: UInt64) -> Acceptance {
    var sum: [[Double]] = []
    for kind in classes {
      for (drafts, row) in kind.counts.enumerated() {
        if sum.count <= drafts { sum.append([Double](repeating: 0, count: drafts + 1)) }
        for (stood, count) in row.enumerated() { sum[drafts][stood] += count }
      }
    }
    let kinds = classes.map { Acceptance.Kind(label: $0.class, counts: $0.counts, levels: $0.levels ?? []) }
    let total = kinds.reduce(0) { $0 + $1.total }
    var levels: [Double] = []
    for kind in kinds {
      for (level, tokens) in kind.levels.enumerated() {
        if level == levels.count { levels.append(0) }
        levels[level] += tokens * kind.total / total
      }
    }
    return Acceptance(
      source: "profile of \(drafter) on \(model)", kinds: [Acceptance.Kind(label: "", counts: sum, levels: levels)] + kinds, seed: seed)
  }
}

/// A source of acceptance that cannot be used: which, what is wrong, and the way out.
public struct AcceptanceFault: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

extension Acceptance {
  /// As it was typed or read: rates with commas between, or a profile.
  ///
  /// - Parameter name: Of the option, or of the file.
  public init(text: String, name: String, seed: UInt64) throws(AcceptanceFault) {
    if text.first(where: { !$0.isWhitespace }) == "{" {
      self = try AcceptanceProfile(text, name: name).acceptance(seed: seed)
      return
    }
    if text.contains("+") {
      self = try Acceptance(ranks: Self.ranks(text, name: name), seed: seed)
      return
    }
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    let rates = words.compactMap { word in Double(word.filter { $0 != " " }) }
    guard rates.count == words.count, rates.allSatisfy({ $0 >= 0 && $0 <= 1 }), zip(rates, rates.dropFirst()).allSatisfy({ $0 >= $1 }),
      rates.count <= 16
    else {
      throw AcceptanceFault("\(name) \(text): up to 16 shares from 0 to 1 that do not rise are wanted, of drafts whose first, first two, … tokens stand: 0.8,0.7,0.6 — or a file of `workbench profile-acceptance`")
    }
    self.init(rates: rates, seed: seed)
  }
  /// `0.6+0.2+0.1,0.5+0.2`: guesses of the first position, of the second, …
  private static func ranks(_ text: String, name: String) throws(AcceptanceFault) -> [[Double]] {
    var ranks: [[Double]] = []
    for position in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = position.split(separator: "+", omittingEmptySubsequences: false)
      let shares = words.compactMap { word in Double(word.filter { $0 != " " }) }
      guard shares.count == words.count, shares.allSatisfy({ $0 >= 0 && $0 <= 1 }), shares.reduce(0, +) <= 1.000001,
        zip(shares, shares.dropFirst()).allSatisfy({ $0 >= $1 })
      else {
        throw AcceptanceFault("\(name) \(text): of each position shares are wanted that do not rise and make up 1 at most, in which the first, second, … guess is the token: 0.6+0.2+0.1,0.5+0.2")
      }
      ranks.append(shares)
    }
    return ranks
  }
}
