import Core
import Screen
import Testing

@testable import Analysis
@testable import Console

@Suite("RequestsPage: life on the axis")
struct LifeBarTests {
  let axis = TimeAxis(start: .zero, column: 10_000_000, width: 20)

  func story(_ phases: [(StoryPhase, Int)], end: Int?) -> RequestStory {
    RequestStory(
      request: RequestID(0),
      intervals: phases.indices.map { place in
        let next = place + 1 < phases.count ? phases[place + 1].1 : end
        return .init(phase: phases[place].0, start: .milliseconds(phases[place].1), end: next.map { .milliseconds($0) }, step: place)
      })
  }

  func bar(_ story: RequestStory, now: Int, reason: String? = nil) -> String {
    LifeBar.text(story, on: axis, now: .milliseconds(now), reason: reason).text
  }

  @Test("each phase has its glyph, up to now")
  func phases() {
    let story = story([(.queued, 20), (.prefill, 50), (.decode, 70), (.stalled, 100), (.decode, 120)], end: nil)
    #expect(bar(story, now: 150) == "  ···██▒▒▒░░▒▒▒     ")
  }

  @Test("a cell is what took most of it, but a preemption always shows")
  func shares() {
    #expect(bar(story([(.prefill, 0), (.decode, 4)], end: nil), now: 20) == "▒▒                  ")
    #expect(bar(story([(.decode, 0), (.preempted, 12), (.decode, 13)], end: nil), now: 30) == "▒╳▒                 ")
  }

  @Test("who was turned away has a cross and the reason where there is room")
  func rejected() {
    let early = story([(.rejected, 20)], end: 20)
    #expect(bar(early, now: 200, reason: "too long") == "  ✗ too long")
    let late = story([(.rejected, 150)], end: 150)
    #expect(bar(late, now: 200, reason: "too long") == "      too long ✗")
    #expect(bar(late, now: 200, reason: "much too long to say") == "much too long… ✗")
  }

  @Test("what lies outside the axis is not drawn")
  func outside() {
    #expect(bar(story([(.decode, 500)], end: 600), now: 900) == String(repeating: " ", count: 20))
    let later = TimeAxis(start: .milliseconds(100), column: 10_000_000, width: 5)
    let life = story([(.decode, 0)], end: 120)
    #expect(LifeBar.text(life, on: later, now: .milliseconds(300)).text == "▒▒   ")
  }

  @Test("ticks at round times, at least twelve columns apart")
  func ruler() {
    #expect(TimeAxis(start: .zero, column: 10_000_000, width: 45).ruler == "│0.0 s              │0.2 s                   ")
    #expect(TimeAxis(start: .milliseconds(59_000), column: 100_000_000, width: 40).ruler == "          │1:00               │1:02     ")
    #expect(TimeAxis(start: .zero, column: 1, width: 0).ruler == "")
    // A day in forty columns, a microsecond in forty columns.
    #expect(TimeAxis(start: .zero, column: 2_160_000_000_000, width: 40).ruler.contains("│"))
    #expect(TimeAxis(start: .zero, column: 25, width: 40).ruler.contains("│0"))
  }
}
