import Console
import Core
import Dispatch
import Host
import Screen
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A scripted terminal whose patience takes time, so that the engine's thread can answer.
///
/// What is to be typed waits until the screen shows what it is the answer to, however slow the machine is.
private final class PatientTerminal: Terminal {
  let inner: ScriptedTerminal
  private var script: ArraySlice<(seen: String, typed: String)>

  init(size: Size, _ script: [(seen: String, typed: String)] = []) throws {
    inner = try ScriptedTerminal(size: size)
    self.script = script[...]
  }

  var size: Size { inner.size }
  func paint(_ canvas: Canvas, theme: Theme) { inner.paint(canvas, theme: theme) }
  func nextEvent(within patience: Duration) -> InputEvent? {
    if let event = inner.nextEvent(within: .zero) { return event }
    if patience > .zero {
      if let next = script.first, inner.lastText.contains(next.seen), (try? inner.type(next.typed)) != nil {
        script.removeFirst()
        return inner.nextEvent(within: .zero)
      }
      usleep(UInt32(patience / .microseconds(1)))
    }
    return nil
  }
}

@Suite("Console")
struct ConsoleTests {
  @Test("a script steps, looks back, switches and leaves, against the real engine's thread")
  func session() throws {
    let screen = try PatientTerminal(
      size: Size(120, 40),
      [
        ("‖ PAUSED   step     50", "10."), ("‖ PAUSED   step     60", ",,"), ("‖ PAUSED −2   step     58", "p<down><down><down><ret>"),
        ("policy chunked", "u"), ("back on the future", "q"),
      ])
    let thread = EngineThread()
    thread.start(SampleRun.timeline(steps: 50), pace: .times(1), paused: true)
    var console = Console(thread: thread, terminal: screen, options: .init(label: ConsoleSample.label))
    var rounds = 0
    console.run {
      rounds += 1
      return rounds > 2_000
    }
    thread.stop()
    let rows = screen.inner.frames.map { $0.text(ofRow: 0) }
    #expect(rows.contains { $0.contains("‖ PAUSED   step     60") })
    #expect(rows.contains { $0.contains("‖ PAUSED −2   step     58") })
    #expect(rows.contains { $0.contains("‖ PAUSED   step     58   ") && $0.hasSuffix("policy chunked ") })
    let told = screen.inner.frames.map { $0.text(ofRow: 38) }
    #expect(told.contains { $0.contains("a new future from step 58") })
    #expect(told.contains { $0.contains("back on the future that was left at step 60") })
  }

  @Test("an idle screen paints once")
  func idle() throws {
    let screen = try PatientTerminal(size: Size(80, 24))
    let thread = EngineThread()
    thread.start(SampleRun.timeline(steps: 50), pace: .times(1), paused: true)
    var console = Console(thread: thread, terminal: screen, options: .init(label: ConsoleSample.label))
    var rounds = 0
    console.run {
      rounds += 1
      return rounds > 12
    }
    thread.stop()
    #expect(screen.inner.paintCount == 1)
  }

  @Test("what could not be written is said in words")
  func refusal() throws {
    let screen = try PatientTerminal(size: Size(80, 24))
    let terminal = try TypingTerminal("<wait><C-s><wait>q", at: screen, pause: .milliseconds(20))
    let thread = EngineThread()
    thread.start(SampleRun.timeline(steps: 5), pace: .times(1), paused: true)
    var console = Console(thread: thread, terminal: terminal, options: .init(label: ConsoleSample.label))
    console.run()
    thread.stop()
    #expect(screen.inner.frames.contains { $0.text(ofRow: 22).hasPrefix(" ! nothing can be written here") })
  }
}
