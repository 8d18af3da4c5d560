import Analysis
import Core
import Testing

@Suite("Stories")
struct StoryLogTests {
  @Test("a request's life is told in order, its stall included")
  func life() throws {
    let stories = pairOfRequests().observatory().stories
    let story = try #require(stories.story(of: RequestID(0)))
    #expect(
      story.description == """
             0 µs  r0 queued for 10.0 ms
          10.0 ms  r0 prefill for 20.0 ms (step 0)
          30.0 ms  r0 decode for 20.0 ms (step 0)
          50.0 ms  r0 stalled for 20.0 ms (step 3)
          70.0 ms  r0 decode for 10.0 ms (step 4)
          80.0 ms  r0 finished (step 4)
        """)
    #expect(story.phase(at: .milliseconds(60)) == .stalled && story.phase(at: .milliseconds(80)) == nil)
    #expect(story.time(in: .decode, until: .milliseconds(80)) == .milliseconds(30))
  }

  @Test("a preempted request waits again and reads again")
  func preempted() throws {
    let story = try #require(pairOfRequests().observatory().stories.story(of: RequestID(1)))
    #expect(story.intervals.map(\.phase) == [.queued, .prefill, .preempted, .prefill, .finished])
    #expect(story.intervals.map(\.start) == [5, 30, 40, 50, 70].map { .milliseconds($0) })
    #expect(story.intervals.map(\.step) == [0, 1, 2, 3, 3])
  }

  @Test("a request left out of the last step is stalled until it is seen again")
  func open() throws {
    var script = Script((0, 4, 9), (0, 4, 9))
    script.step(10, [.arrived(0), .arrived(1), .admitted(0), .admitted(1), .computed(0, 4), .computed(1, 4)])
    script.step(10, [.computed(1, from: 4, 1)])
    let stories = script.observatory().stories
    let story = try #require(stories.story(of: RequestID(0)))
    #expect(story.intervals.last?.start == .milliseconds(10) && story.intervals.last?.end == nil)
    #expect(story.time(in: .stalled, until: .milliseconds(20)) == .milliseconds(10))
    #expect(stories.story(of: RequestID(1))?.intervals.last?.phase == .decode)
    #expect(stories.story(of: RequestID(2)) == nil)
  }

  @Test("intervals follow each other without a gap, whatever happens", arguments: [UInt64](1...8))
  func gapless(seed: UInt64) {
    var random = SplitMix(seed: seed, purpose: "stories")
    var script = Script((0, 4, 9), (0, 4, 9), (0, 4, 9), (0, 4, 9))
    var running = [Bool](repeating: false, count: 4)
    script.step(1, (0..<4).map { .arrived($0) })
    for _ in 0..<60 {
      var events: [EngineEvent] = []
      for number in 0..<4 {
        if !running[number], random.below(3) == 0 {
          running[number] = true
          events.append(.admitted(number))
        } else if running[number], random.below(8) == 0 {
          running[number] = false
          events.append(.preempted(number, lost: 1))
        }
        if running[number], random.below(3) > 0 { events.append(.computed(number, 1, emits: Int16(random.below(2)))) }
      }
      script.step(1 + random.below(3), events)
    }
    let stories = script.observatory().stories
    for number in 0..<4 {
      let intervals = stories.story(of: RequestID(number))?.intervals ?? []
      #expect(intervals.first?.phase == .queued && intervals.last?.end == nil, "seed \(seed)")
      for (one, next) in zip(intervals, intervals.dropFirst()) {
        #expect(one.end == next.start && one.start < next.start, "seed \(seed), r\(number): \(one) then \(next)")
      }
    }
  }
}
