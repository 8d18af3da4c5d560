import Core
import ServingEngine

/// What the engine's thread shows the screen: an immutable moment.
public struct Snapshot: Sendable {
  public enum Transport: Equatable, Sendable {
    /// Steps are being taken.
    case live
    /// The engine stands still; the newest moment is shown.
    case paused
    /// A moment of the past is shown, so many steps behind the newest; the engine stands still.
    case past(behind: Int)
    /// The past is shown moving, towards the newest moment.
    case replay(behind: Int)
    /// Every request has been served.
    case done
  }

  /// The moment that is looked at.
  public var shown: Run
  /// The newest moment; the same as `shown` unless the past is looked at.
  public var head: Run
  public var transport: Transport
  public var pace: Pace
  /// Steps taken for each second of the thread's time in the last half second; nil while it stands still.
  public var stepsPerSecond: Double?
  /// How many futures were left behind by a change in the past and can be returned to.
  public var branches: Int
  /// What came of the last thing asked, when it is worth a sentence.
  public var notice: Notice?
  public var commands: [PlacedCommand]
  /// What the run began with; nil where nobody said.
  public var configuration: Configuration?
  /// Which tokens a request still has, where not all; of the newest moment, for only the device knows.
  public var kept: (request: RequestID, tokens: KeptTokens)?
  /// The last request that a user asked for; nil before the first.
  public var said: RequestID?

  public init(
    shown: Run, head: Run, transport: Transport, pace: Pace = .times(1), stepsPerSecond: Double? = nil,
    branches: Int = 0, notice: Notice? = nil, commands: [PlacedCommand] = [], said: RequestID? = nil, configuration: Configuration? = nil,
    kept: (request: RequestID, tokens: KeptTokens)? = nil
  ) {
    self.shown = shown
    self.head = head
    self.transport = transport
    self.pace = pace
    self.stepsPerSecond = stepsPerSecond
    self.branches = branches
    self.notice = notice
    self.commands = commands
    self.said = said
    self.configuration = configuration
    self.kept = kept
  }

  public struct Notice: Equatable, Sendable {
    public var sentence: String
    public var isError: Bool
    /// Distinguishes two equal sentences.
    public var number: Int

    public init(sentence: String, isError: Bool, number: Int) {
      self.sentence = sentence
      self.isError = isError
      self.number = number
    }
  }
}
