import ArgumentParser
import Curses

/// Gives a terminal back that a killed program left broken.
struct ResetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "reset", abstract: "Give a broken terminal back.")

  func run() { CursesTerminal.reset() }
}
