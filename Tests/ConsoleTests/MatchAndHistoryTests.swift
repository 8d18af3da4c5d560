import Console
import Core
import Host
import Screen
import Testing

@Suite("Matches, earlier lines, words")
struct MatchAndHistoryTests {
  @Test("up and down on the command line go through earlier lines and come back to what was typed")
  func history() throws {
    var sample = ConsoleSample()
    try sample.type(":goto 17<ret>:pace 4<ret>:pol<up>")
    func line() -> String { sample.frame.text.split(separator: "\n").first { $0.contains("┃ > ") }.map(String.init) ?? "" }
    #expect(line().contains("> pace 4 "))
    try sample.type("<up><up>")
    #expect(line().contains("> goto 17 "))
    try sample.type("<down>")
    #expect(line().contains("> pace 4 "))
    try sample.type("<down>")
    #expect(line().contains("> pol "))
    try sample.type("<down><up><up><up><ret>")
    #expect(sample.effects.count == 1)
  }

  @Test("n and N go to the next and the previous request of the filter, around the ends")
  func matches() throws {
    var sample = ConsoleSample()
    try sample.type("n")
    #expect(sample.sentence.contains("there is no filter"))
    try sample.type("/live prompt>4k<ret>n")
    let first = sample.state.view.selected
    #expect(first != nil)
    try sample.type("nN")
    #expect(sample.state.view.selected == first)
    try sample.type("N")
    let last = sample.state.view.selected
    try sample.type("n")
    #expect(sample.state.view.selected == first && last != nil)
    try sample.type("/<C-u>nothing-like-it<ret>n")
    #expect(sample.sentence.contains("no request matches nothing-like-it"))
  }

  @Test("help explains every word in one line that is not cut")
  func words() throws {
    for page in PageCatalogue.members {
      #expect(!page.words.isEmpty && page.words.allSatisfy { $0.meaning.cells <= 46 && $0.word.cells <= 14 }, "\(page.descriptor.name)")
    }
    var sample = ConsoleSample(Size(80, 24))
    try sample.type("?goodput")
    #expect(sample.frame.text.contains("requests a second that kept every promise"))
  }
}
