import TOMLKit

/// Walks the tables of one theme file.
struct ThemeReader {
  let file: String
  let root: TOMLTable
  private var palette: [String: Colour] = [:]

  init(file: String, root: TOMLTable) {
    self.file = file
    self.root = root
  }

  mutating func read(over parent: ThemeFile?) throws(ThemeError) -> ThemeFile {
    for key in root.keys.sorted() where !["inherits", "meta", "palette", "roles", "ramp", "requests"].contains(key) {
      throw fault(key, "is not a part of a theme", "use meta, palette, roles, ramp.NAME or requests")
    }
    let meta = try table("meta")
    try readPalette()
    var looks = parent?.theme.looks ?? Array(repeating: Theme.Look(), count: Role.count)
    try readRoles(into: &looks, over: parent)
    try readRamps(into: &looks, over: parent)
    try readRequests(into: &looks, over: parent)

    let name = try string(meta, "name") ?? parent?.name ?? file
    let variantName = try string(meta, "variant") ?? parent?.theme.variant.rawValue ?? "dark"
    guard let variant = Theme.Variant(rawValue: variantName) else {
      throw fault("meta.variant", "is \"\(variantName)\"", "write \"dark\" or \"light\"")
    }
    var paints = parent?.theme.paintsBackground ?? false
    if let value = meta?["paints_background"] {
      guard let said = value.bool else { throw fault("meta.paints_background", "is not true or false", "write one of them") }
      paints = said
    }
    return ThemeFile(
      name: name, license: try string(meta, "license"), author: try string(meta, "author"),
      theme: Theme(name: name, variant: variant, paintsBackground: paints, looks: looks))
  }

  private mutating func readPalette() throws(ThemeError) {
    guard let table = try table("palette") else { return }
    for name in table.keys.sorted() {
      guard let colour = try colour(table[name], "palette.\(name)") else {
        throw fault("palette.\(name)", "is \"default\"", "a palette holds colours; say \"default\" in roles")
      }
      palette[name] = colour
    }
  }

  /// A role that is not named takes the look of the nearest prefix that is, and
  /// without one that of `fg`, or of the parent.
  private func readRoles(into looks: inout [Theme.Look], over parent: ThemeFile?) throws(ThemeError) {
    guard let table = try table("roles") else { return }
    var named: [String: Theme.Look] = [:]
    for (name, value) in try flat(table, "roles") {
      let known = Role(word: name) != nil || Role.words.contains { $0.hasPrefix(name + ".") }
      guard known else {
        throw fault("roles.\(name)", "is not a role", "nearest: \(nearestRole(to: name))")
      }
      named[name] = try look(value, "roles.\(name)")
    }
    for role in Role.allWords {
      var prefix = role.name
      while named[prefix] == nil, let dot = prefix.lastIndex(of: ".") { prefix = String(prefix[..<dot]) }
      if let look = named[prefix] {
        looks[Int(role.index)] = look
      } else if parent == nil, role != .bg {
        looks[Int(role.index)] = named[role.name.hasPrefix("bg") ? "bg" : "fg"] ?? Theme.Look()
      }
    }
  }

  private func readRamps(into looks: inout [Theme.Look], over parent: ThemeFile?) throws(ThemeError) {
    let table = try table("ramp")
    for name in (table?.keys ?? []).sorted() where !Ramp.allCases.contains(where: { $0.name == "ramp." + name }) {
      throw fault("ramp.\(name)", "is not a ramp", "use \(Ramp.allCases.map { "\($0)" }.joined(separator: ", "))")
    }
    for ramp in Ramp.allCases {
      if let entry = table?["\(ramp)"] {
        guard let stops = entry.table?["stops"]?.array, stops.count >= 2 else {
          throw fault(ramp.name, "has no list of two or more stops", "write stops = [\"#00224e\", \"#fee838\"]")
        }
        var colours: [Colour?] = []
        for (index, stop) in stops.enumerated() { colours.append(try colour(stop, "\(ramp.name).stops[\(index)]")) }
        for level in 0..<Ramp.levels { looks[Int(Role.ramp(ramp, level).index)] = Theme.Look(blend(colours, level)) }
      } else if parent == nil {
        for level in 0..<Ramp.levels { looks[Int(Role.ramp(ramp, level).index)] = looks[Int(Role.fg.index)] }
      }
    }
  }

  /// Sixteen stops are taken as they are; fewer or more are spread evenly.
  private func blend(_ stops: [Colour?], _ level: Int) -> Colour? {
    let place = Double(level * (stops.count - 1)) / Double(Ramp.levels - 1)
    let lower = min(Int(place), stops.count - 1)
    let upper = min(lower + 1, stops.count - 1)
    let part = place - Double(lower)
    guard part > 1e-9, let from = stops[lower], let to = stops[upper] else { return stops[lower] }
    return from.mixed(with: to, part)
  }

  private func readRequests(into looks: inout [Theme.Look], over parent: ThemeFile?) throws(ThemeError) {
    if let table = try table("requests") {
      guard let list = table["colours"]?.array, list.count >= 1, list.count <= Role.requestCount else {
        throw fault("requests.colours", "is not a list of 1 to \(Role.requestCount) colours", "write colours = [\"#af00ff\", …]")
      }
      var read: [Theme.Look] = []
      for (index, value) in list.enumerated() { read.append(try look(value, "requests.colours[\(index)]")) }
      for slot in 0..<Role.requestCount { looks[Int(Role.request(slot).index)] = read[slot % read.count] }
    } else if parent == nil {
      for slot in 0..<Role.requestCount { looks[Int(Role.request(slot).index)] = looks[Int(Role.fg.index)] }
    }
  }
}

extension ThemeReader {
  private func fault(_ key: String, _ problem: String, _ wayOut: String) -> ThemeError {
    ThemeError(file, key, problem, wayOut)
  }

  private func table(_ key: String) throws(ThemeError) -> TOMLTable? {
    guard let value = root[key] else { return nil }
    guard let table = value.table else { throw fault(key, "is not a table", "write [\(key)] on a line of its own") }
    return table
  }

  private func string(_ table: TOMLTable?, _ key: String) throws(ThemeError) -> String? {
    guard let value = table?[key] else { return nil }
    guard let text = value.string else { throw fault("meta.\(key)", "is not a string", "put it in quotes") }
    return text
  }

  /// `"fg.muted" = …` and `fg.muted = …` mean the same. A table with an `fg` or an attribute is a look.
  private func flat(
    _ table: TOMLTable, _ path: String, _ prefix: String = ""
  ) throws(ThemeError) -> [(String, any TOMLValueConvertible)] {
    var found: [(String, any TOMLValueConvertible)] = []
    for key in table.keys.sorted() {
      guard let value = table[key] else { continue }
      if let inner = value.table, !isLook(inner) {
        found += try flat(inner, path, prefix + key + ".")
      } else {
        found.append((prefix + key, value))
      }
    }
    return found
  }

  private static let attributes: [(String, Style.Attributes)] = [
    ("bold", .bold), ("dim", .dim), ("underline", .underline), ("reverse", .reverse),
  ]

  private func isLook(_ table: TOMLTable) -> Bool {
    table["color"] != nil || table["colour"] != nil || table["fg"] != nil
      || Self.attributes.contains { table[$0.0] != nil }
  }

  private func look(_ value: (any TOMLValueConvertible)?, _ key: String) throws(ThemeError) -> Theme.Look {
    guard let table = value?.table else { return Theme.Look(try colour(value, key)) }
    var look = Theme.Look()
    for name in table.keys.sorted() {
      if name == "fg" || name == "colour" || name == "color" {
        look.colour = try colour(table[name], key)
      } else if let attribute = Self.attributes.first(where: { $0.0 == name }) {
        guard let said = table[name]?.bool else { throw fault("\(key).\(name)", "is not true or false", "write one of them") }
        if said { look.attributes.insert(attribute.1) }
      } else {
        throw fault("\(key).\(name)", "is not known", "use fg, bold, dim, underline or reverse")
      }
    }
    return look
  }

  /// nil for `"default"`: the terminal's own.
  private func colour(_ value: (any TOMLValueConvertible)?, _ key: String) throws(ThemeError) -> Colour? {
    if let number = value?.int {
      guard number >= 0 && number < 256 else { throw fault(key, "is \(number)", "xterm colours go from 0 to 255") }
      return Xterm.colours[number]
    }
    guard let text = value?.string else { throw fault(key, "is not a colour", "write \"#af00ff\", a palette name or 0-255") }
    if text == "default" { return nil }
    if let colour = Colour(hex: text) ?? palette[text] { return colour }
    throw fault(key, "names the colour \"\(text)\", which is not in [palette]", "add it there, or write it as \"#rrggbb\"")
  }

  /// The role with the most letters in common at the front, then by name.
  private func nearestRole(to name: String) -> String {
    func common(_ word: String) -> Int { zip(word, name).prefix { $0 == $1 }.count }
    return Role.words.dropFirst().max { (common($0), $1) < (common($1), $0) } ?? "fg"
  }
}
