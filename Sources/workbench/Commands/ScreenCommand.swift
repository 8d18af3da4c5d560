import Analysis
import ArgumentParser
import Console
import Core
import Curses
import Hardware
import Host
import Screen
import ServingEngine
import Workload

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The screen: the main job.
struct ScreenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "screen", abstract: "The screen (the default command); without TRACE, the bundled demo.")

  @Argument(help: "A trace, a generator's words, or a recording; without it, the demo.")
  var trace: String?

  @OptionGroup(title: "Engine") var engine: EngineOptions
  @OptionGroup(title: "Workload") var workload: WorkloadOptions
  @OptionGroup(title: "Picture") var picture: PictureOptions

  @Option(help: ArgumentHelp("Record the session into a file that `replay` runs again.", valueName: "file"))
  var record: String?

  @Option(help: "Colours: auto, always, never.")
  var color: String = "auto"

  @Option(help: "Engine seconds for each second: a number, or max.")
  var pace: String = "1"

  @Flag(help: "Begin paused.")
  var paused = false

  @Flag(help: "No screen: run to the end and print the summary as lines, for screen readers and logs.")
  var plain = false

  func run() throws {
    guard let colour = CursesOptions.Colour(rawValue: color) else {
      throw Fault("--color \(color): choose \(CursesOptions.Colour.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let session = try Session(trace, engine, workload)
    if plain {
      var headless = try HeadlessRun(session.configuration, trace: session.source.trace, commands: session.source.recording?.commands ?? [])
      return try headless.run(OutputOptions.parseOrExit(record.map { ["--record", $0] } ?? []))
    }
    guard isatty(0) == 1, isatty(1) == 1 else {
      throw Fault("this is not a terminal — `workbench run TRACE` runs without a screen, `export` draws one into a file")
    }
    let themes = try Themes.all()
    let theme = try Themes.checked(picture.theme, in: themes)
    var options = Console.Options(label: RunLabel(session.configuration, trace: session.source.trace, isRecording: record != nil))
    options.theme = theme
    options.page = try picture.pageNumber()
    options.ascii = picture.ascii
    let pace = try paceChosen()
    let timeline = try session.timeline()

    let terminal: CursesTerminal
    do {
      terminal = try CursesTerminal(CursesOptions(colour: colour, shapes: picture.ascii ? .ascii : .auto))
    } catch {
      throw Fault("\(error)")
    }
    let thread = EngineThread()
    let journal = Journal(path: record, configuration: session.configuration)
    journal.keep(timeline)
    thread.start(timeline, pace: pace, paused: paused) { journal.keep($0) }
    if session.source.recording != nil {
      thread.send(.seek(0))
      if !paused { thread.send(.run) }
    }
    var console = Console(
      thread: thread, terminal: terminal, themes: themes, options: options,
      surroundings: surroundings(terminal, thread, journal))
    console.run()
    thread.stop()
    terminal.close()
    if let failure = journal.failure { throw Fault(failure) }
  }

  private func paceChosen() throws -> Pace {
    if pace == "max" { return .unlimited }
    guard let factor = Double(pace), factor > 0, factor.isFinite else {
      throw Fault("--pace \(pace): a number above 0, or max, is wanted; 1 is real time")
    }
    return .times(factor)
  }

  private func surroundings(_ terminal: CursesTerminal, _ thread: EngineThread, _ journal: Journal) -> Surroundings {
    Surroundings(
      export: { request in
        let path = request.isNamed ? request.fileName : Files.unused(request.fileName)
        guard !Files.exists(path) else { throw Fault("\(path) exists — give another name") }
        let text = request.content
          ?? SnapshotJSON.json(request.run, configuration: request.configuration ?? journal.configuration).pretty() + "\n"
        try Files.write(Array(text.utf8), to: path)
        return path
      },
      open: { path in
        let session = try Session(path, engine, workload)
        let timeline = try session.timeline()
        journal.begin(session.configuration)
        thread.send(.replace(timeline, name: session.source.trace.name))
        if session.source.recording != nil {
          thread.send(.seek(0))
          thread.send(.run)
        }
        return RunLabel(session.configuration, trace: session.source.trace, isRecording: record != nil)
      },
      files: Files.completions,
      copy: { text in terminal.copy(text) },
      captureMouse: { terminal.captureMouse($0) },
      repaint: { terminal.repaint() },
      suspend: { terminal.suspend() },
      threadMilliseconds: {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
      })
  }
}

/// What a screen is opened on: requests, and the choices that the run begins with.
struct Session {
  let source: Source
  let configuration: Configuration

  init(_ path: String?, _ engine: EngineOptions, _ workload: WorkloadOptions) throws {
    if let path {
      source = try Source(path, workload, seed: engine.seed ?? 0)
      configuration = try engine.configuration(over: source.recording?.configuration ?? Configuration())
    } else {
      let chosen = try engine.configuration(over: .demo)
      source = chosen.isMeasured ? .chatter : .demo
      configuration = chosen
    }
  }

  /// Before its first step; of a recording, with all that was recorded.
  func timeline() throws -> Timeline {
    do {
      var timeline = Timeline(try Run(configuration, trace: source.trace, recorded: source.recording?.device), configuration: configuration)
      guard let recording = source.recording else { return timeline }
      try timeline.follow(recording.commands, told: recording.outcomes, to: recording.end?.step)
      // With the model at hand the run can go on where the recording ends.
      if recording.device != nil, timeline.head.engine.device.language != nil {
        try timeline.revive(on: configuration.engine(for: source.trace).device)
      }
      return timeline
    } catch {
      throw Fault("\(error)")
    }
  }
}

extension Configuration {
  /// What the demo runs on: a GPU whose memory its crowds fill.
  static var demo: Configuration {
    var configuration = Configuration()
    configuration.device = "rtx4090"
    configuration.sloTTFT = 1_000
    configuration.sloTPOT = 60
    return configuration
  }
}
