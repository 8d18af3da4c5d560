import Analysis
import Core
import Host
import Screen
import ServingEngine

/// What an event leads to beyond another state: done by `Console`, which asks the engine's thread or its surroundings.
public enum Effect: Sendable {
  case engine(EngineThread.Request)
  case export(ExportRequest)
  /// Another trace or recording.
  case open(path: String)
  /// Which files begin like this: the answer is `ConsoleEvent.files`.
  case listFiles(prefix: String)
  /// To the clipboard.
  case copy(String)
  case captureMouse(Bool)
  /// A theme was chosen; worth remembering for the next time.
  case remember(theme: String)
  /// Everything again, whatever is believed to be on the screen.
  case repaint
  case suspend
  case quit
}

/// A picture or the numbers of the moment that is shown, on their way to a file.
public struct ExportRequest: Sendable {
  public enum Format: String, CaseIterable, Sendable {
    case svg, ansi, text, json, csv

    public var summary: String {
      switch self {
      case .svg: "the screen as a picture that any browser shows"
      case .ansi: "the screen with its colours, for a terminal"
      case .text: "the screen as plain text"
      case .json: "the moment that is shown as numbers, workbench.snapshot/1"
      case .csv: "one row for each request so far"
      }
    }

    public var fileExtension: String { self == .ansi ? "ans" : self == .text ? "txt" : rawValue }
  }

  public var format: Format
  /// Never to be overwritten. A name that was not typed may be given a number when it is taken.
  public var fileName: String
  public var isNamed: Bool
  /// The screen without dialogs.
  public var canvas: Canvas
  public var theme: Theme
  public var title: String
  /// The moment that is shown.
  public var run: Run
  /// What it began with; nil where nobody said.
  public var configuration: Configuration?

  /// What the file holds; nil for JSON, which needs the configuration of the run.
  public var content: String? {
    switch format {
    case .svg: canvas.svg(theme: theme, title: title)
    case .ansi: canvas.ansi(theme: theme)
    case .text: canvas.trimmedText
    case .csv: String(decoding: RequestsCSV.bytes(of: run.observatory.requests), as: UTF8.self)
    case .json: nil
    }
  }
}

extension Effect: CustomStringConvertible {
  /// One line, for tests and logs.
  public var description: String {
    switch self {
    case .engine(let request): request.line
    case .export(let request): "export \(request.format.rawValue) \(request.fileName)"
    case .open(let path): "open \(path)"
    case .listFiles(let prefix): "list \(prefix)"
    case .copy(let text): "copy \(text)"
    case .captureMouse(let wanted): "mouse \(wanted ? "on" : "off")"
    case .remember(let theme): "remember \(theme)"
    case .repaint: "repaint"
    case .suspend: "suspend"
    case .quit: "quit"
    }
  }
}

extension EngineThread.Request {
  var line: String {
    switch self {
    case .run: "run"
    case .pause: "pause"
    case .step(let count): "step \(count)"
    case .seek(let step): "seek \(step)"
    case .live: "live"
    case .pace(let pace): "pace \(pace.label)"
    case .command(let command): "\(command.axis) \(command.choice)"
    case .fork(let choices): "fork " + choices.map { "\($0.axis) \($0.choice)" }.joined(separator: " ")
    case .say(let text): "say \(text)"
    case .undoBranch: "undo"
    case .replace(_, let name): "replace \(name)"
    case .watch(let request): "watch \(request.map(\.description) ?? "first")"
    case .refresh: "refresh"
    case .quit: "end"
    }
  }
}

extension Pace {
  /// `1/8`, `0.3`, `1.0`, `16`, `max`
  var label: String {
    guard case .times(let factor) = self else { return "max" }
    let parts = 1 / factor
    if factor < 1 && parts == parts.rounded() && parts <= 64 { return "1/\(Int(parts))" }
    return Figure.fixed(factor, decimals: factor < 10 ? 1 : 0)
  }

  /// Reads what `label` writes, and any other number above 0.
  init?(typed text: String) {
    let text = text.hasPrefix("×") || text.hasPrefix("x") ? String(text.dropFirst()) : text
    if text == "max" {
      self = .unlimited
    } else if text.hasPrefix("1/"), let parts = Double(text.dropFirst(2)), parts > 0, parts.isFinite {
      self = .times(1 / parts)
    } else if let factor = Double(text), factor > 0, factor.isFinite {
      self = .times(factor)
    } else {
      return nil
    }
  }
}
