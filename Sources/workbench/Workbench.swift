import ArgumentParser

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The command line: what is typed becomes one of the commands.
struct Workbench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workbench",
    abstract: "A live LLM serving engine in the terminal: watch it, stop it, step it, step it back, rewire it.",
    subcommands: [
      ScreenCommand.self, RunCommand.self, ChatCommand.self, CompareCommand.self, ReplayCommand.self, ReproduceCommand.self, ExportCommand.self,
      ListCommand.self, ValidateCommand.self,
      CalibrateCommand.self, ProfileAcceptanceCommand.self, BenchCommand.self, ModelCommand.self, InfoCommand.self, ResetCommand.self,
    ],
    defaultSubcommand: ScreenCommand.self)
}

/// Exit status: 0 done; 1 what was asked was not met; 2 bad usage or input, with one line on standard error.
@main
enum Main {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try Workbench.parseAsRoot()
      try command.run()
    } catch let fault as Fault {
      complain("workbench: \(fault)")
      exit(2)
    } catch {
      let status = Workbench.exitCode(for: error)
      guard status != .success, status.rawValue != 1 || !(error is ExitCode) else {
        if status == .success { print(Workbench.message(for: error)) }
        exit(status.rawValue)
      }
      let message = Workbench.message(for: error).split(separator: "\n").first.map(String.init) ?? "\(error)"
      complain("workbench: \(message) — see workbench help")
      exit(2)
    }
  }
}
