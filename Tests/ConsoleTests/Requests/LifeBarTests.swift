import Core
import Screen
import Testing

@testable import Analysis
@testable import Console

@Suite("RequestsPage: life on the axis")
struct LifeBarTests {
  let axis = TimeAxis(start: .zero, span: .milliseconds(200), columns: 20)

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
    let later = TimeAxis(start: .milliseconds(100), span: .milliseconds(50), columns: 5)
    let life = story([(.decode, 0)], end: 120)
    #expect(LifeBar.text(life, on: later, now: .milliseconds(300)).text == "▒▒   ")
  }
}
