import Analysis
import Core
import Testing

@Suite("Observatory")
struct ObservatoryTests {
  @Test("a copy does not see what the original folds later")
  func copies() {
    let script = pairOfRequests()
    var observatory = Observatory()
    var copies: [Observatory] = []
    for step in script.steps {
      observatory.fold(step.events, step.record, arrivals: script.arrivals)
      copies.append(observatory)
    }
    #expect(copies.map(\.steps.count) == [1, 2, 3, 4, 5])
    #expect(copies.map { $0.requests[0].output } == [1, 2, 3, 3, 4])
    #expect(copies.map(\.marks.marks.count) == [0, 0, 1, 1, 1])
    #expect(copies[1].lanes.description == "A  2 1\nB  . 3")
    #expect(copies[1].stories.story(of: RequestID(1))?.intervals.last?.phase == .prefill)
  }

  @Test("folding on from a copy gives what folding through gives")
  func resumed() {
    let script = pairOfRequests()
    var first = Observatory(slo: SLO(ttft: .milliseconds(40)))
    for step in script.steps[..<2] { first.fold(step.events, step.record, arrivals: script.arrivals) }
    var second = first
    for step in script.steps[2...] { second.fold(step.events, step.record, arrivals: script.arrivals) }
    let through = script.observatory(slo: SLO(ttft: .milliseconds(40)))
    #expect(second.requests == through.requests && second.lanes == through.lanes && second.steps == through.steps)
    #expect(second.marks.marks == through.marks.marks && second.series.points == through.series.points)
    #expect(first.steps.count == 2)
  }

  @Test("what happens without a step is marked at the step to come")
  func withoutStep() {
    let script = pairOfRequests()
    var observatory = script.observatory(choices: ["policy": "fcfs"])
    observatory.fold([.switched(axis: "policy", to: "chunked")], at: .milliseconds(80), arrivals: script.arrivals)
    #expect(observatory.marks.marks.last.map(EventSentence.line) == "5 policy fcfs → chunked")
    #expect(observatory.choices["policy"] == "chunked")
  }
}
