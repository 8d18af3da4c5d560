import Console
import Screen
import Testing
@Suite struct Look {
  @Test func look() throws {
    for size in [Size(120, 40), Size(80, 24), Size(60, 16)] {
      for keys in ["", ":", ":po", ":max-batched-tokens 4096", ":goto 3", "?", "p", "p<down>", "p<left>", "T", "e", "/input>100 chat"] {
        var s = ConsoleSample(size, behind: keys == "p<down>" ? 12 : 0)
        try s.type(keys)
        print("== \(size) \(keys)"); print(s.frame.trimmedText)
      }
    }
    for size in [Size(46, 7), Size(30, 12), Size(20, 3)] { print(ConsoleSample(size).frame.text) }
    print(CommandCatalogue.markdown)
  }
}
