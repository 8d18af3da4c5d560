import Analysis
import Core
import Testing

@Suite("Findings")
struct FindingTests {
  @Test("each of the catalogue has its own name and says nothing of a quiet run")
  func conformance() {
    let names = FindingCatalogue.all.map { $0.descriptor.name }
    for (index, name) in names.enumerated() {
      #expect(!names[..<index].contains(name), "\(name) is listed twice")
      #expect(name == name.lowercased() && !name.contains(" "))
    }
    for type in FindingCatalogue.all {
      #expect(!type.descriptor.summary.isEmpty && !type.descriptor.summary.hasSuffix(".") && !type.descriptor.source.isEmpty)
      #expect(type.init().summary == nil)
    }
    #expect(pairOfRequests().observatory(bench: .init(kvBlocks: 8, tokensPerBlock: 4)).summaries.isEmpty)
  }

  func sentences(_ observatory: Observatory) -> [String] {
    observatory.marks.marks.compactMap { if case .found = $0.kind { EventSentence.line($0) } else { nil } }
  }

  @Test("a request preempted twice is thrash")
  func thrash() {
    var script = Script((0, 1_500, 2))
    script.step(10, [.arrived(0), .admitted(0), .computed(0, 1_000, emits: 0)])
    script.step(10, [.preempted(0, lost: 1_000)])
    script.step(10, [.admitted(0), .computed(0, 1_500, emits: 0)])
    script.step(10, [.preempted(0, lost: 1_500)])
    let observatory = script.observatory()
    #expect(sentences(observatory) == ["3 preemption-thrash: r0 was preempted a second time and computes 1,500 tokens again"])
    #expect(
      observatory.summaries.map(\.sentence) == [
        "1 request was preempted twice or more; 100% of all computed tokens were lost to preemptions"
      ])
  }

  @Test("a big request at the head that keeps small ones waiting is head-of-line blocking")
  func headOfLine() {
    var script = Script((0, 16, 99), (0, 640, 9), (0, 16, 9), (0, 32, 9))
    script.step(10, [.arrived(0), .arrived(1), .arrived(2), .arrived(3), .admitted(0), .computed(0, 16)]) {
      $0.waiting = 3
      $0.usedBlocks = 2
    }
    for position in 0..<25 {
      script.step(10, [.computed(0, from: Int32(16 + position), 1)]) {
        $0.waiting = 3
        $0.usedBlocks = 3
      }
    }
    let observatory = script.observatory(bench: .init(kvBlocks: 20, tokensPerBlock: 16))
    #expect(sentences(observatory) == ["20 head-of-line: r1 needs 40 blocks, 17 are free; 2 behind it would fit"])
    #expect(
      observatory.summaries.map(\.sentence) == [
        "1 time the oldest request blocked others that would have fitted; 5 steps passed so"
      ])
  }

  @Test("sixteen misses of thirty-two are a burst, told once")
  func burst() {
    var script = Script((0, 1, 1))
    script.arrivals = (0..<64).map { _ in Arrival(time: .zero, prompt: Prompt([1]), outputLimit: 1) }
    for number in 0..<64 { script.step(10, [.arrived(number), .admitted(number), .computed(number, 1), .finished(number)]) }
    // All arrive at 0 and the n-th is done after 10 n ms.
    let observatory = script.observatory(slo: SLO(ttft: .milliseconds(200)))
    #expect(
      sentences(observatory) == ["35 slo-miss-burst: 16 of the last 32 requests missed their SLO, the last one r35"])
    #expect(
      observatory.summaries.map(\.sentence) == ["1 burst of missed SLOs; 44 of 64 completed requests missed"])
  }

  @Test("a full pool with a queue is exhausted")
  func exhausted() {
    var script = Script((0, 1, 99))
    script.step(10, [.arrived(0), .admitted(0), .computed(0, 1)])
    for _ in 0..<12 {
      script.step(10, [.computed(0, 1)]) {
        $0.usedBlocks = 99
        $0.waiting = 1
      }
    }
    let observatory = script.observatory(bench: .init(kvBlocks: 100, tokensPerBlock: 16))
    #expect(sentences(observatory) == ["10 pool-exhausted: 99 of 100 blocks are in use, 1 requests wait for memory"])
    #expect(observatory.summaries.map(\.sentence) == ["the KV pool was full for 12 of 13 steps"])
  }

  @Test("admissions that reuse nothing while blocks are evicted are a cold cache")
  func cold() {
    var script = Script((0, 1, 1))
    script.arrivals = (0..<64).map { _ in Arrival(time: .zero, prompt: Prompt([1, 2, 3, 4]), outputLimit: 1) }
    for number in 0..<64 {
      script.step(1, [.arrived(number), .admitted(number), .computed(number, 4), .finished(number)]) { $0.evictedBlocks = 1 }
    }
    #expect(
      sentences(script.observatory()) == [
        "63 cold-prefix-cache: 64 admissions reused 0.0% of their prompts; 64 cached blocks were evicted meanwhile"
      ])
    #expect(sentences(script.observatory(bench: .init(cachesPrefixes: false))).isEmpty)
  }

  @Test("the oldest request that 64 later ones overtake is starving")
  func starvation() {
    var script = Script((0, 16, 1))
    script.arrivals += (1...70).map { Arrival(time: .zero, prompt: Prompt(TokenRun(.own($0), count: 4)), outputLimit: 1) }
    script.step(10, (0...70).map { .arrived($0) })
    for number in 1...70 { script.step(10, [.admitted(number), .computed(number, 4), .finished(number)]) }
    let observatory = script.observatory()
    #expect(sentences(observatory) == ["64 starvation: r0 has waited 650.0 ms while 64 requests that came after it were admitted"])
    #expect(
      observatory.summaries.map(\.sentence) == ["1 request was overtaken 64 times or more; the longest wait was 710.0 ms"])
  }

  @Test("decodes that wait for prompts read alone stall, once for each burst")
  func decodeStall() {
    var script = Script((0, 16, 99), (0, 900, 9))
    script.step(10, [.arrived(0), .admitted(0), .computed(0, 16)]) { $0.running = 1 }
    script.step(20, [.computed(0, from: 16, 1)]) { $0.running = 1 }
    script.step(50, [.arrived(1), .admitted(1), .computed(1, 450, emits: 0)]) { $0.running = 2 }
    script.step(50, [.computed(1, from: 450, 450)]) { $0.running = 2 }
    script.step(20, [.computed(0, from: 17, 1), .computed(1, from: 900, 1)]) { $0.running = 2 }
    let observatory = script.observatory()
    #expect(
      sentences(observatory) == [
        "3 decode-stall: 1 decode has waited 100.0 ms for 900 tokens of prompts; a decode step takes 20.0 ms"
      ])
    #expect(observatory.summaries.map(\.sentence) == ["1 time decodes stalled for prompts; 100.0 ms in all"])
  }

  /// `count` steps of 10 ms with one decode.
  private func decodes(_ count: Int, _ change: (Int, inout StepRecord) -> Void) -> Script {
    var script = Script((0, 16, 9_999))
    script.step(10, [.arrived(0), .admitted(0), .computed(0, 16)])
    for number in 1..<count { script.step(10, [.computed(0, from: Int32(15 + number), 1)]) { change(number, &$0) } }
    return script
  }

  @Test("evicted blocks that are computed again are thrash when they are many; evicting what nobody asks for is none")
  func evictionThrash() {
    let thrash = decodes(300) { _, step in
      step.evictedBlocks = 2
      step.recomputedBlocks = 1
    }.observatory()
    #expect(
      sentences(thrash) == [
        "127 eviction-thrash: 127 blocks that had been evicted were computed again in 128 steps; 254 were evicted meanwhile"
      ])
    #expect(
      thrash.summaries.map(\.sentence) == ["1 time evicted content was asked for again; 255 blocks were computed again"])
    let quiet = decodes(300) { number, step in
      step.evictedBlocks = 2
      step.recomputedBlocks = number % 10 == 0 ? 1 : 0
    }
    #expect(sentences(quiet.observatory()).isEmpty)
    let few = decodes(300) { number, step in (step.evictedBlocks, step.recomputedBlocks) = (number % 3 == 0 ? 1 : 0, 1) }
    #expect(sentences(few.observatory()).isEmpty)
  }

  @Test("steps that wait for copies a quarter of their time are bound by the link; less is not")
  func hostLinkBound() {
    func script(_ milliseconds: Int) -> Script {
      decodes(130) { _, step in
        step.transfer = .milliseconds(milliseconds)
        step.swappedBlocks = 3
      }
    }
    let bound = script(4).observatory()
    #expect(sentences(bound) == ["63 host-link-bound: copies of 189 blocks over the host link took 39% of the last 64 steps"])
    #expect(bound.summaries.map(\.sentence) == ["1 time steps waited for the host link; 508.0 ms in all"])
    #expect(sentences(script(2).observatory()).isEmpty)
  }

  @Test("last waves that leave SMs idle for a third of the time are told; where there are no SMs nothing is")
  func waveTail() {
    let idle = decodes(130) { _, step in step.cost.tailIdle = 0.5 }.observatory()
    #expect(
      sentences(idle) == [
        "64 wave-tail: SMs were idle for 50% of the last 64 steps in last waves that did not fill them, with 1.0 sequences a step"
      ])
    #expect(idle.summaries.map(\.sentence) == ["1 time last waves left SMs idle; 640.0 ms of all of them in all"])
    #expect(sentences(decodes(130) { _, step in step.cost.tailIdle = 0.3 }.observatory()).isEmpty)
    #expect(sentences(decodes(130) { _, _ in }.observatory()).isEmpty)
  }

  @Test("requests whose keys and values take longer than two tokens to arrive are bound by the link")
  func linkBound() {
    var script = Script((0, 16, 99))
    script.arrivals = (0..<20).map { _ in Arrival(time: .zero, prompt: Prompt(TokenRun(.own(0), count: 16)), outputLimit: 9) }
    script.step(10, (0..<20).map { .arrived($0) } + (0..<20).map { .admitted($0) })
    for number in 0..<20 {
      // Blocks at once, 30 ms for the link, 20 ms on it; a step takes 20 ms.
      let ready = 20 * number
      let move = KVMove(
        source: 0, target: 1, blocks: 1, calls: 64, ready: .milliseconds(ready), granted: .milliseconds(ready),
        start: .milliseconds(ready + 30), end: .milliseconds(ready + 50))
      script.step(20, [.moved(RequestID(number), move), .computed(number, from: 16, 1)]) { $0.instance = 1 }
    }
    let observatory = script.observatory(bench: .init(kvBlocks: 100, tokensPerBlock: 16))
    #expect(
      sentences(observatory) == [
        "16 link-bound: instance 2: keys and values of 16 requests took 50.0 ms to arrive in the median, 20.0 ms of it on the link; a decode step takes 20.0 ms"
      ])
    #expect(observatory.summaries.map(\.sentence) == ["instance 2: 16 requests were held up by the link between prefill and decode, 50.0 ms each"])
  }
}
