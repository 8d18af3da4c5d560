/// How well letters typed in order fit a name: `mbt` fits `max-batched-tokens`.
enum FuzzyMatch {
  /// Higher fits better; nil does not fit. The same at the front counts most,
  /// then beginnings of words, then letters side by side.
  static func score(_ typed: String, in name: String) -> Int? {
    let typed = Array(typed.lowercased())
    let name = Array(name.lowercased())
    if typed.isEmpty { return 0 }
    if name.starts(with: typed) { return 10_000 - name.count }
    var score = 0
    var place = 0
    var previous = -2
    for letter in typed {
      guard let found = best(letter, in: name, from: place, after: previous) else { return nil }
      score += found == previous + 1 ? 30 : isStart(found, of: name) ? 20 : 1
      previous = found
      place = found + 1
    }
    return score - name.count / 8
  }

  private static func isStart(_ place: Int, of name: [Character]) -> Bool {
    place == 0 || !(name[place - 1].isLetter || name[place - 1].isNumber)
  }

  /// The next letter if it follows at once, else the nearest beginning of a word, else the nearest.
  private static func best(_ letter: Character, in name: [Character], from place: Int, after previous: Int) -> Int? {
    guard place <= name.count, let nearest = name[place...].firstIndex(of: letter) else { return nil }
    if nearest == previous + 1 { return nearest }
    return name[place...].indices.first { name[$0] == letter && isStart($0, of: name) } ?? nearest
  }
}
