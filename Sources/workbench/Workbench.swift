import ArgumentParser

@main
struct Workbench: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "workbench", abstract: "A live LLM serving engine in the terminal.")
}
