import Core
import Dispatch
import Hardware
import Scheduling
import ServingEngine

/// What the thread does, without the thread.
struct EngineLoop: Sendable {
  private(set) var timeline: Timeline
  private var pace: Pace
  private var isRunning: Bool
  private let requests: RequestQueue
  private let snapshots: Mailbox<Snapshot>
  private let journal: @Sendable (Timeline) -> Void

  /// The moment looked at when it is not the newest.
  private var past: Run?
  private var abandoned: [Timeline] = []
  private var notice: Snapshot.Notice?
  /// Something has changed since the last snapshot was posted.
  private var isStale = true
  private var quits = false
  /// Whose kept tokens are posted; nil: the first who runs.
  private var watched: RequestID?
  /// Where engine time and wall time were last brought together.
  private var anchor: (engine: EngineTime, wall: Double) = (.zero, 0)
  private var speed = (steps: 0, since: 0.0, rate: Double?.none)

  init(
    timeline: Timeline, pace: Pace, isRunning: Bool, requests: RequestQueue, snapshots: Mailbox<Snapshot>,
    journal: @escaping @Sendable (Timeline) -> Void
  ) {
    self.journal = journal
    self.timeline = timeline
    self.pace = pace
    self.isRunning = isRunning
    self.requests = requests
    self.snapshots = snapshots
  }

  mutating func run() {
    anchorHere()
    while true {
      for request in requests.drain() { answer(request) }
      if quits { return }
      var patience: Double?
      if isRunning { patience = work() }
      if isStale {
        if snapshots.isEmpty {
          post()
        } else {
          patience = min(patience ?? 0.01, 0.01)
        }
      }
      if patience != 0 { requests.wait(seconds: patience) }
    }
  }

  /// Takes steps for a slice of time.
  /// - Returns: Seconds until there is more to do; 0 for at once, nil when nothing will come by itself.
  private mutating func work() -> Double? {
    let sliceEnd = wallSeconds() + 0.004
    while true {
      guard let start = shown.fleet.nextStart else {
        isRunning = false
        isStale = true
        speed = (0, 0, nil)
        return nil
      }
      let wall = wallSeconds()
      if case .times(let factor) = pace {
        let due = anchor.wall + (start - anchor.engine).seconds / factor
        if due > wall {
          measureSpeed(wall)
          return min(due - wall, 0.05)
        }
        // A machine that cannot keep up does not owe the lost time.
        if wall - due > 0.1 { anchorHere() }
      }
      guard forward() else { return nil }
      speed.steps += 1
      if wall >= sliceEnd {
        measureSpeed(wall)
        return 0
      }
    }
  }

  private var shown: Run { past ?? timeline.head }

  /// One step: of the past once more while that is shown, else a new one.
  private mutating func forward() -> Bool {
    isStale = true
    if past != nil {
      timeline.replay(&past!)
      if past!.step >= timeline.head.step { past = nil }
      return true
    }
    do {
      return try timeline.advance()
    } catch {
      say(error.description, isError: true)
      isRunning = false
      return false
    }
  }

  private mutating func measureSpeed(_ wall: Double) {
    guard wall - speed.since >= 0.5 else { return }
    speed = (0, wall, speed.since == 0 ? nil : Double(speed.steps) / (wall - speed.since))
  }

  private mutating func anchorHere() { anchor = (shown.fleet.nextStart ?? shown.now, wallSeconds()) }

  private mutating func answer(_ request: EngineThread.Request) {
    isStale = true
    switch request {
    case .run: go()
    case .pause:
      isRunning = false
      speed = (0, 0, nil)
    case .step(let count): step(count)
    case .seek(let step): look(at: step)
    case .live:
      past = nil
      go()
    case .pace(let pace):
      self.pace = pace
      anchorHere()
    case .command(let command): carryOut(command)
    case .fork(let choices): fork(choices)
    case .say(let text): ask(text)
    case .undoBranch:
      guard let previous = abandoned.popLast() else { return say("no future was left behind", isError: true) }
      timeline = previous
      past = nil
      isRunning = false
      journal(timeline)
      say("back on the future that was left at step \(timeline.head.step)")
    case .replace(let timeline, let name):
      self.timeline = timeline
      past = nil
      abandoned = []
      anchorHere()
      isRunning = true
      journal(timeline)
      say("opened \(name)")
    case .watch(let request): watched = request
    case .refresh: break
    case .quit: quits = true
    }
  }

  private mutating func step(_ count: Int) {
    isRunning = false
    speed = (0, 0, nil)
    if count < 0 { return look(at: max(0, (past ?? timeline.head).step + count)) }
    for _ in 0..<count where shown.fleet.nextStart != nil {
      guard forward() else { return }
    }
  }

  private mutating func go() {
    isRunning = shown.fleet.nextStart != nil
    anchorHere()
  }

  private mutating func look(at step: StepIndex) {
    isRunning = false
    speed = (0, 0, nil)
    past = step < timeline.head.step ? timeline.moment(at: max(0, step)) : nil
  }

  private mutating func carryOut(_ command: Command) {
    do {
      // Asked of a copy first: what cannot be done must not begin a new future.
      var copy = shown.remembered
      try copy.apply(command)
      let branched = try branchIfPast()
      try timeline.apply(command)
      if let branched {
        say("\(command.axis) \(command.choice): \(branched)")
      } else {
        say("\(command.axis) → \(command.choice) at step \(timeline.head.step)")
      }
      journal(timeline)
    } catch {
      say("\(error)", isError: true)
    }
  }

  private mutating func fork(_ choices: [Command]) {
    do {
      let fork = try timeline.forked(with: choices, until: shown.now)
      let start = timeline.head.fleet.nextStart != nil && isRunning
      abandoned.append(timeline)
      timeline = fork
      past = nil
      isRunning = start && fork.head.fleet.nextStart != nil
      anchorHere()
      let words = choices.map { "\($0.axis) \($0.choice)" }.joined(separator: ", ")
      say("a fork with \(words): the same trace from its start, at step \(fork.head.step) now; u returns")
      journal(timeline)
    } catch {
      say("\(error)", isError: true)
    }
  }

  /// What a user says becomes a request of its own, now.
  private mutating func ask(_ text: String) {
    guard let language = timeline.head.engine.device.language else {
      return say("nobody is here who could answer: tokens are real with --device cpu only", isError: true)
    }
    do {
      let prompt = language.question(text)
      let room = timeline.head.engine.planner.limits.maxModelLength - prompt.count
      guard room > 0 else { return say("\(prompt.count) tokens do not fit into the model's context", isError: true) }
      let branched = try branchIfPast()
      let request = timeline.say(
        Arrival(time: presentTime(), prompt: Prompt(prompt), outputLimit: min(Self.longestAnswer, room)))
      say("\(request) asks" + (branched.map { ": " + $0 } ?? ""))
      if branched == nil { go() }
      journal(timeline)
    } catch {
      say("\(error)", isError: true)
    }
  }

  /// Tokens of an answer to what was said.
  private static let longestAnswer = 256

  /// Engine time now: a little ahead of the last step's end while the engine waits for the next arrival.
  private func presentTime() -> EngineTime {
    guard isRunning, case .times(let factor) = pace else { return timeline.head.now }
    return max(timeline.head.now, anchor.engine + .seconds((wallSeconds() - anchor.wall) * factor))
  }

  /// Begins a new future when the past is looked at.
  /// - Returns: What to say about it; nil at the newest moment.
  private mutating func branchIfPast() throws(DeviceError) -> String? {
    guard let run = past else { return nil }
    let start = wallSeconds()
    let (branch, rebuilt) = try timeline.branch(at: run)
    let cost = rebuilt.map { " (\($0.tokens) tokens of \($0.requests) request\($0.requests == 1 ? "" : "s") computed again in \(Self.text(wallSeconds() - start)))" } ?? ""
    abandoned.append(timeline)
    timeline = branch
    past = nil
    return "a new future from step \(run.step)\(cost); u returns to the old one"
  }

  /// `0.84 s`, `12 ms`
  private static func text(_ seconds: Double) -> String {
    seconds < 0.1 ? "\(Int((seconds * 1e3).rounded())) ms" : "\((seconds * 100).rounded() / 100) s"
  }

  private mutating func say(_ sentence: String, isError: Bool = false) {
    notice = Snapshot.Notice(sentence: sentence, isError: isError, number: (notice?.number ?? 0) + 1)
    isStale = true
  }

  private mutating func post() {
    let head = timeline.head
    let transport: Snapshot.Transport =
      if let past { isRunning ? .replay(behind: head.step - past.step) : .past(behind: head.step - past.step) }
      else if isRunning { .live }
      else if head.fleet.nextStart == nil { .done }
      else { .paused }
    snapshots.post(
      Snapshot(
        shown: past ?? head.remembered, head: head.remembered, transport: transport, pace: pace, stepsPerSecond: speed.rate,
        branches: abandoned.count, notice: notice, commands: timeline.commands, said: timeline.said.last?.request,
        configuration: timeline.configuration, kept: past == nil ? head.kept(of: watched) : nil))
    isStale = false
  }
}

/// Seconds of a clock that only goes forward.
private func wallSeconds() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
