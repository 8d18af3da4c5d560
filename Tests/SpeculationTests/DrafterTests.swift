import Core
import Speculation
import Testing

@Suite("Drafters that read the text")
struct DrafterTests {
  /// Letters are tokens.
  static func tokens(_ text: String) -> [TokenID] { text.utf8.map { TokenID($0) } }
  static func text(_ tokens: [TokenID]) -> String { String(decoding: tokens.map { UInt8($0) }, as: UTF8.self) }

  static func request(_ text: String, number: Int = 0) -> Request {
    Request(id: RequestID(number), arrival: Arrival(time: .zero, prompt: Prompt(tokens(text)), outputLimit: 9))
  }

  static func proposal(_ drafter: some Drafter, _ text: String, limit: Int = 5) -> String {
    var drafter = drafter
    return Self.text(drafter.propose(after: request(text), limit: limit))
  }

  @Test("prompt lookup copies what followed the longest known end, of equals the first; nothing where nothing is found")
  func promptLookup() {
    #expect(Self.proposal(PromptLookup(), "the fox ran. the f", limit: 4) == "ox r")
    #expect(Self.proposal(PromptLookup(longest: 3, shortest: 2), "abcX abcY abc", limit: 2) == "X ")
    #expect(Self.proposal(PromptLookup(longest: 3, shortest: 2), "bcY abcX abc", limit: 1) == "X", "three tokens go before two")
    #expect(Self.proposal(PromptLookup(longest: 3, shortest: 2), "aXbYcZ", limit: 4) == "")
    #expect(Self.proposal(PromptLookup(longest: 1, shortest: 1), "aaaa", limit: 9) == "aaa", "the text ends there")
    #expect(Self.proposal(PromptLookup(), "a") == "" && Self.proposal(PromptLookup(), "") == "")
  }

  @Test("suffix copies on from the latest of the longest matches, as far as the match is long")
  func suffix() {
    #expect(Self.proposal(SuffixMatch(), "one two three. one two th", limit: 9) == "ree. one ")
    #expect(Self.proposal(SuffixMatch(shortest: 2), "abX cabY ab", limit: 9) == "Y ", "two tokens match in two places: the latest, and two are copied")
    #expect(Self.proposal(SuffixMatch(shortest: 2), "zabX abY zab", limit: 9) == "X a", "three tokens go before two, and carry three")
    #expect(Self.proposal(SuffixMatch(shortest: 4), "abc abc", limit: 9) == "")
  }

  @Test("both find what a search that is too simple to be wrong finds", arguments: 0..<200 as Range<UInt64>)
  func naive(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "drafters")
    let text = (0..<2 + random.below(40)).map { _ in TokenID(97 + random.below(2 + Int(seed) % 3)) }
    let request = Request(id: RequestID(0), arrival: Arrival(time: .zero, prompt: Prompt(text), outputLimit: 9))
    let limit = 1 + random.below(6)
    /// Ends of places where the last `length` tokens stand, before the end.
    func ends(_ length: Int) -> [Int] {
      guard length <= text.count else { return [] }
      return (length..<max(length, text.count)).filter { text[($0 - length)..<$0].elementsEqual(text.suffix(length)) }
    }
    let (least, most) = (1 + random.below(3), 3 + random.below(3))
    var lookup = PromptLookup(longest: most, shortest: least)
    let found = stride(from: most, through: least, by: -1).lazy.compactMap { ends($0).first }.first
    #expect(lookup.propose(after: request, limit: limit) == found.map { Array(text[$0...].prefix(limit)) } ?? [], "seed \(seed)")

    var suffix = SuffixMatch(shortest: least)
    let longest = stride(from: text.count, through: least, by: -1).first { !ends($0).isEmpty }
    let expected = longest.map { Array(text[ends($0).last!...].prefix(min(limit, $0))) } ?? []
    #expect(suffix.propose(after: request, limit: limit) == expected, "seed \(seed)")
  }

  @Test("trigram learns from everything it is told, follows the most frequent, and stops at a pair it never saw")
  func trigram() {
    var drafter = Trigram()
    let first = Self.request("abcabcabd")
    #expect(drafter.propose(after: first, limit: 4) == [])
    drafter.observe(first, from: 0)
    #expect(Self.text(drafter.propose(after: Self.request("xab", number: 1), limit: 4)) == "cabc")
    #expect(drafter.draft(after: Self.request("ab"), limit: 1).confidence == [2 / 3])
    #expect(drafter.propose(after: Self.request("xy"), limit: 4) == [])
    // What comes in pieces is learnt as if it came whole.
    var pieces = Trigram()
    for end in 1...9 { pieces.observe(Self.request(String("abcabcabd".prefix(end))), from: end - 1) }
    #expect(pieces.draft(after: Self.request("ab"), limit: 4) == drafter.draft(after: Self.request("ab"), limit: 4))
    // Today's text outweighs yesterday's in the end.
    for _ in 0..<600 { drafter.observe(Self.request("abd"), from: 0) }
    #expect(Self.text(drafter.propose(after: Self.request("ab"), limit: 1)) == "d")
  }

  @Test("every drafter of the catalogue proposes at most what it may, and says what it is and where it comes from")
  func catalogue() throws {
    #expect(Set(DrafterCatalogue.members.map(\.descriptor.name)).count == DrafterCatalogue.members.count)
    for member in DrafterCatalogue.members {
      let descriptor = member.descriptor
      #expect(!descriptor.summary.isEmpty && !descriptor.summary.hasSuffix(".") && !descriptor.source.isEmpty)
      var drafter = try #require(DrafterCatalogue.drafter(Choice(descriptor, descriptor.parameters.map(\.standard))))
      for seed in 0..<50 as Range<UInt64> {
        var random = SplitMix(seed: seed, purpose: "catalogue")
        let request = Self.request(String(decoding: (0..<random.below(60)).map { _ in UInt8(97 + random.below(3)) }, as: UTF8.self))
        drafter.observe(request, from: 0)
        for limit in [1, 4, 16] {
          let draft = drafter.draft(after: request, limit: limit)
          #expect(draft.tokens.count <= limit && (draft.confidence.isEmpty || draft.confidence.count == draft.tokens.count))
          #expect(draft.confidence.allSatisfy { $0 > 0 && $0 <= 1 })
        }
      }
    }
  }
}
