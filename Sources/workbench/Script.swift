import Host
import ServingEngine

/// Switches for a run without a screen: a line each, `STEP AXIS CHOICE`; `#` begins a remark.
enum Script {
  static func read(_ path: String) throws -> [PlacedCommand] {
    let text = String(decoding: try Files.bytes(of: path), as: UTF8.self)
    var commands: [PlacedCommand] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      if words.isEmpty { continue }
      let place = "\(path):\(index + 1)"
      guard words.count == 3, let step = Int(words[0]), step >= 0 else {
        throw Fault("\(place): STEP AXIS CHOICE is wanted, for instance `800 policy chunked`")
      }
      guard let axis = AxisCatalogue.axis(named: String(words[1])) else {
        throw Fault("\(place): \(words[1]) is no axis — choose \(AxisCatalogue.all.map(\.name).joined(separator: ", "))")
      }
      if let fault = axis.fault(of: String(words[2])) { throw Fault("\(place): \(fault)") }
      if let last = commands.last, step < last.step {
        throw Fault("\(place): step \(step) comes after step \(last.step) — put the lines in order")
      }
      commands.append(PlacedCommand(step: step, command: Command(axis: axis.name, choice: String(words[2]))))
    }
    return commands
  }
}
