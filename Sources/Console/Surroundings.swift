import Screen

/// What the screen asks of the program around it: files, the clipboard, the modes of the terminal.
///
/// Everything is called on the thread that runs the console, and may take its time:
/// the engine goes on meanwhile.
public struct Surroundings {
  /// Writes a file that did not exist and returns its path.
  public var export: (ExportRequest) throws -> String
  /// Reads a trace or a recording, puts it into the engine's thread (`.replace`) and says how it is called.
  public var open: (String) throws -> RunLabel
  /// Files that begin like this, folders with a `/` at the end. For an empty start: traces at hand.
  public var files: (String) -> [String]
  public var copy: ((String) -> Void)?
  public var captureMouse: (Bool) -> Void
  public var remember: (_ theme: String) -> Void
  /// Forgets what is believed to be on the screen.
  public var repaint: () -> Void
  /// Gives the terminal back, stops, and returns when the shell goes on with us.
  public var suspend: () -> Void
  /// Milliseconds this thread has computed; nil shows no time of frames.
  public var threadMilliseconds: (() -> Double)?

  public init(
    export: @escaping (ExportRequest) throws -> String = { _ in throw Unavailable("nothing can be written here") },
    open: @escaping (String) throws -> RunLabel = { _ in throw Unavailable("nothing can be opened here") },
    files: @escaping (String) -> [String] = { _ in [] }, copy: ((String) -> Void)? = nil,
    captureMouse: @escaping (Bool) -> Void = { _ in }, remember: @escaping (String) -> Void = { _ in },
    repaint: @escaping () -> Void = {}, suspend: @escaping () -> Void = {},
    threadMilliseconds: (() -> Double)? = nil
  ) {
    self.export = export
    self.open = open
    self.files = files
    self.copy = copy
    self.captureMouse = captureMouse
    self.remember = remember
    self.repaint = repaint
    self.suspend = suspend
    self.threadMilliseconds = threadMilliseconds
  }

  /// Something that these surroundings do not have.
  public struct Unavailable: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
  }
}
