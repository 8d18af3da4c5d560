import Foundation
import Screen
import Testing

@testable import Curses

/// What only a real terminal shows: modes given back, messages readable, bytes
/// per frame. tmux is the terminal; each test starts this test program again
/// inside it, as the child below.
@Suite("In tmux", .enabled(if: Tmux.isThere && childPart == nil), .serialized)
struct InTmuxTests {
  @Test("a normal end gives everything back", arguments: ["xterm-256color", "screen-256color", "linux", "vt100"])
  func normalEnd(term: String) throws {
    let tmux = try Tmux(running: "quit", term: term)
    try tmux.expect("18,204")
    #expect(tmux.modes.hasPrefix(term == "vt100" || term == "linux" ? "0" : "1"), "the alternate screen is used where there is one")
    tmux.type("q")
    try tmux.expect("ended 0")
    #expect(tmux.modes == "0 1 0 0")
  }

  @Test("a Swift trap gives everything back and its sentence can be read", arguments: ["trap", "bounds"])
  func trap(part: String) throws {
    let tmux = try Tmux(running: part)
    try tmux.expect("18,204")
    #expect(tmux.modes == "1 0 1 1")
    tmux.type("x")
    try tmux.expect("ended 1")
    #expect(tmux.modes == "0 1 0 0")
    let text = tmux.text
    #expect(text.contains("Fatal error: "), "\(text)")
  }

  @Test("a signal gives everything back", arguments: ["TERM", "INT", "HUP", "SEGV", "ABRT"])
  func signal(name: String) throws {
    let tmux = try Tmux(running: "quit")
    try tmux.expect("18,204")
    #expect(tmux.modes == "1 0 1 1")
    tmux.shell("kill -\(name) $(cat \(tmux.folder)/pid)")
    try tmux.expect("ended 1")
    #expect(tmux.modes == "0 1 0 0")
  }

  @Test("a stop gives the terminal to the shell, going on takes it again")
  func stop() throws {
    let tmux = try Tmux(running: "quit")
    try tmux.expect("18,204")
    tmux.shell("kill -TSTP $(cat \(tmux.folder)/pid)")
    try tmux.wait { tmux.modes == "0 1 0 0" }
    tmux.shell("kill -CONT $(cat \(tmux.folder)/pid)")
    try tmux.wait { tmux.modes == "1 0 1 1" }
    try tmux.expect("18,204")
    tmux.type("q")
    try tmux.expect("ended 0")
  }

  @Test("a new size is heard and filled")
  func resize() throws {
    let tmux = try Tmux(running: "quit")
    try tmux.expect("18,204")
    tmux.shell("tmux -L \(tmux.server) resize-window -x 80 -y 24")
    try tmux.wait { tmux.text.contains("q quit") && tmux.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 25 }
    #expect(tmux.text.contains("╯"))
    tmux.type("q")
    try tmux.expect("ended 0")
  }

  @Test("a terminal that cannot place the cursor is refused with a way out")
  func dumb() throws {
    let tmux = try Tmux(running: "quit", term: "dumb")
    try tmux.expect("cannot place the cursor — try TERM=xterm-256color")
  }

  #if os(Linux)
  @Test("an unchanged frame writes nothing, a moving one little")
  func bytes() throws {
    let tmux = try Tmux(running: "measure")
    try tmux.expect("ended 0")
    let report = try String(contentsOfFile: tmux.folder + "/report", encoding: .utf8)
    let numbers = report.split(separator: "\n").reduce(into: [String: Double]()) { numbers, line in
      let words = line.split(separator: " ")
      numbers[String(words[0])] = Double(words[1])
    }
    #expect(numbers["idle_bytes"] == 0)
    #expect(try #require(numbers["moving_bytes"]) < 12_000)
  }
  #endif
}

/// What this process is to play; nil for an ordinary test run.
private let childPart = ProcessInfo.processInfo.environment["WORKBENCH_CURSES_CHILD"]

/// The other side: what runs inside tmux.
@Suite("The child", .enabled(if: childPart != nil))
struct Child {
  @Test("plays its part")
  func play() throws {
    let folder = try #require(ProcessInfo.processInfo.environment["WORKBENCH_CURSES_FOLDER"])
    try String(getpid()).write(toFile: folder + "/pid", atomically: true, encoding: .utf8)
    let terminal: CursesTerminal
    do { terminal = try CursesTerminal() } catch {
      print(error)
      throw error
    }
    if childPart == "measure" { return try Self.measure(terminal, folder) }
    terminal.paint(demoCanvas(terminal.size, step: 0), theme: .standard)
    while true {
      guard let event = terminal.nextEvent(within: .seconds(20)) else { break }
      if case .resize = event { terminal.paint(demoCanvas(terminal.size, step: 0), theme: .standard) }
      guard case .key(let press) = event else { continue }
      if press.typed == "q" { break }
      if childPart == "trap" { fatalError("17 owned + 3 free ≠ 21 blocks") }
      if childPart == "bounds" { print([1, 2, 3][[Int](repeating: 0, count: 7).count]) }
    }
    terminal.close()
  }

  static func measure(_ terminal: CursesTerminal, _ folder: String) throws {
    func written() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/io", encoding: .utf8)
      return Int(text.split(separator: "\n")[1].dropFirst("wchar: ".count)) ?? -1
    }
    terminal.paint(demoCanvas(terminal.size, step: 0), theme: .standard)
    _ = terminal.nextEvent(within: .milliseconds(100))
    terminal.paint(demoCanvas(terminal.size, step: 0), theme: .standard)

    var before = try written()
    for _ in 0..<50 { terminal.paint(demoCanvas(terminal.size, step: 0), theme: .standard) }
    let idle = try written() - before

    var drawing = Duration.zero
    var painting = Duration.zero
    before = try written()
    for step in 1...200 {
      let start = processTime()
      let canvas = demoCanvas(terminal.size, step: step)
      let middle = processTime()
      terminal.paint(canvas, theme: .standard)
      painting += processTime() - middle
      drawing += middle - start
    }
    let moving = try written() - before
    terminal.close()
    let report = """
      idle_bytes \(idle)
      moving_bytes \(moving / 200)
      draw_ms \(drawing / .milliseconds(200))
      paint_ms \(painting / .milliseconds(200))

      """
    try report.write(toFile: folder + "/report", atomically: true, encoding: .utf8)
  }

  static func processTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

/// A private tmux server with one window.
final class Tmux {
  let server: String
  let folder: String

  static let isThere = run("command -v tmux") != ""

  init(running part: String, term: String = "xterm-256color", width: Int = 120, height: Int = 40) throws {
    server = "workbench-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    folder = NSTemporaryDirectory() + server
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let program = CommandLine.arguments[0]
    let inner =
      "TERM=\(term) LC_ALL=C.UTF-8 WORKBENCH_CURSES_CHILD=\(part) WORKBENCH_CURSES_FOLDER=\(folder) SWIFT_BACKTRACE=enable=no "
      + "\(program) --testing-library swift-testing --filter CursesTests.Child; echo ended $?; sleep 60"
    try inner.write(toFile: folder + "/inner.sh", atomically: true, encoding: .utf8)
    Self.run("LC_ALL=C.UTF-8 tmux -L \(server) -f /dev/null new-session -d -x \(width) -y \(height) 'trap : INT; . \(folder)/inner.sh' >/dev/null 2>&1")
  }

  deinit {
    Self.run("tmux -L \(server) kill-server")
    try? FileManager.default.removeItem(atPath: folder)
  }

  var text: String { Self.run("LC_ALL=C.UTF-8 tmux -L \(server) capture-pane -p") }
  /// Alternate screen, cursor, any mouse mode, SGR mouse.
  var modes: String {
    Self.run("tmux -L \(server) display -p '#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{mouse_sgr_flag}'")
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func type(_ keys: String) { Self.run("tmux -L \(server) send-keys '\(keys)'") }
  func shell(_ command: String) { Self.run(command) }

  func expect(_ words: String) throws { try wait { self.text.contains(words) } }

  struct Waited: Error, CustomStringConvertible {
    let text: String
    var description: String { "still not there after 15 s:\n" + text }
  }

  func wait(_ holds: () -> Bool) throws {
    for _ in 0..<300 {
      if holds() { return }
      usleep(50_000)
    }
    throw Waited(text: text + "\nmodes " + modes)
  }

  @discardableResult
  static func run(_ command: String) -> String {
    guard let pipe = popen(command + " 2>/dev/null", "r") else { return "" }
    defer { pclose(pipe) }
    var data: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&part, 1, part.count, pipe)
      if count == 0 { break }
      data += part[..<count]
    }
    return String(decoding: data, as: UTF8.self)
  }
}
