import Analysis
import Core
import Testing

@Suite("Marks and sentences")
struct MarkTests {
  func preemption(_ step: Int, _ number: Int, lost: Int) -> Mark {
    Mark(step: step, time: .milliseconds(step), kind: .preempted(RequestID(number), lostTokens: lost))
  }

  @Test("repeats of one kind within eight steps are one mark")
  func merging() {
    var log = MarkLog()
    log.add(preemption(10, 1, lost: 100))
    log.add(Mark(step: 12, time: .milliseconds(12), kind: .evicted(blocks: 64)))
    log.add(preemption(18, 2, lost: 50))
    log.add(preemption(27, 3, lost: 7))
    #expect(log.marks.map(EventSentence.line) == [
      "10 preempt r1 and 1 more → recompute 150", "12 evict 64 cached blocks", "27 preempt r3 → recompute 7",
    ])
    #expect(log.marks[0].lastStep == 18)
  }

  @Test("the keys go to the mark before and the mark after")
  func navigation() {
    var log = MarkLog()
    for step in [10, 30, 50] { log.add(preemption(step, step, lost: 1)) }
    #expect(log.next(after: 10)?.step == 30 && log.next(after: 9)?.step == 10 && log.next(after: 50) == nil)
    #expect(log.previous(before: 30)?.step == 10 && log.previous(before: 31)?.step == 30 && log.previous(before: 10) == nil)
    #expect(log.marks(in: 10..<50).map(\.step) == [10, 30])
  }

  @Test("an observatory marks preemptions, misses, rejections, evictions and switches")
  func observed() {
    var script = pairOfRequests()
    script.arrivals.append(Arrival(time: .milliseconds(80), prompt: Prompt([1]), outputLimit: 1))
    script.step(
      10,
      [
        .arrived(2), .rejected(RequestID(2), .longerThanContext(tokens: 9_000, context: 8_192)),
        .switched(axis: "policy", to: "chunked"), .switched(axis: "policy", to: "priority"),
      ]
    ) { $0.evictedBlocks = 64 }
    let observatory = script.observatory(
      slo: SLO(ttft: .milliseconds(40), tpot: .milliseconds(16)), choices: ["policy": "fcfs"])
    #expect(observatory.marks.marks.map(EventSentence.line) == [
      "2 preempt r1 → recompute 3",
      "3 r1 TTFT 65.0 ms, promised 40.0 ms",
      "4 r0 TPOT 16.7 ms, promised 16.0 ms",
      "5 reject r2: 9000 tokens exceed the model's context of 8192",
      "5 policy fcfs → chunked",
      "5 policy chunked → priority",
      "5 evict 64 cached blocks",
    ])
  }

  @Test("every event has a sentence")
  func sentences() {
    let events: [EngineEvent] = [
      .arrived(3), .admitted(3), .admitted(3, reused: 1_024), .preempted(1_030, lost: 1_812),
      .computed(3, from: 1_024, 512, emits: 0), .computed(3, from: 4_000, 5, drafted: 4, accepted: 2, emits: 3),
      .finished(3), .finished(3, .aborted), .switched(axis: "policy", to: "chunked"),
      .rejected(RequestID(4), .emptyPrompt),
    ]
    #expect(events.map { EventSentence.line($0, step: 18_197) } == [
      "18,197 arrive r3", "18,197 admit r3", "18,197 admit r3, 1,024 tokens from the prefix cache",
      "18,197 preempt r1030 → recompute 1,812", "18,197 compute r3 1,024–1,535",
      "18,197 compute r3 4,000–4,004, 2/4 drafts stand → 3", "18,197 finish r3", "18,197 abort r3",
      "18,197 policy → chunked", "18,197 reject r4: the prompt is empty",
    ])
  }

  @Test("numbers are grouped and rounded as a reader expects")
  func digits() {
    #expect([0, 999, 1_000, -1_234_567].map(\.grouped) == ["0", "999", "1,000", "-1,234,567"])
    #expect(0.0416.percent(1) == "4.2%" && (-0.05).fixed(1) == "-0.1" && 2.5.fixed(0) == "3" && Double.nan.fixed(1) == "–")
    #expect(EngineTime.nanoseconds(930_000).legible == "930 µs" && EngineTime.milliseconds(1_840).legible == "1.84 s")
  }
}
