import Core
import Host
import Testing

@testable import Console

@Suite("Request filter")
struct RequestFilterTests {
  static let run = SampleRun.snapshot(steps: 900).shown
  static let early = SampleRun.snapshot().shown

  func matches(_ text: String, in run: Run = Self.run) -> [Int] {
    let sequence = RequestSequence(run, filter: RequestFilter(text), order: .arrival, isReversed: false)
    return (0..<sequence.count).map { sequence.request(at: $0).index }
  }

  @Test("words are states")
  func words() {
    #expect(matches("rejected") == [30])
    #expect(matches("preempted") == [26, 28, 45, 47, 48, 52, 53, 59])
    #expect(matches("finished").count == 59)
    #expect(matches("queued", in: Self.early) == [27, 28, 29, 31, 32, 33, 34, 35])
    #expect(matches("live", in: Self.early).count == 24)
    #expect(matches("decode", in: Self.early) == matches("running", in: Self.early))
  }

  @Test("comparisons, with and without units; all terms must hold")
  func comparisons() {
    #expect(matches("prompt>4000") == [5, 22, 39, 56])
    #expect(matches("prompt>=4k") == [5, 22, 39, 56])
    #expect(matches("preempted ttft>0.6") == [53, 59])
    #expect(matches("preempted ttft>600ms") == [53, 59])
    #expect(matches("preemptions=2") == [52])
    #expect(matches("pre=2") == [52])
    #expect(matches("id<3") == [0, 1, 2])
    #expect(matches("id≤3 id!=2") == [0, 1, 3])
    #expect(matches("missed preempted") == [53, 59])
  }

  @Test("an unknown value satisfies no comparison; ! turns a term round")
  func unknown() {
    #expect(!matches("ttft<99").contains(30))
    #expect(!matches("ttft>=0").contains(30))
    #expect(matches("!finished") == [30])
    #expect(matches("!ttft>=0") == [30])
  }

  @Test("a field and a colon narrow a text to that field")
  func fields() {
    #expect(matches("phase:rej") == [30])
    #expect(matches("state:done").count == 59)
    #expect(matches("phase:pre", in: Self.early) == [])
    #expect(matches("label:chat") == [])
    #expect(matches("label:").count == 60)
    #expect(RequestFilter("size:3").fault == "there is no field size; there are phase and label")
  }

  @Test("anything else is the beginning of a number or a state, or a part of a label")
  func numbers() {
    #expect(matches("r5") == [5, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59])
    #expect(matches("59") == [59])
    #expect(matches("r0") == [0])
    #expect(matches("0") == [0])
    #expect(matches("r").count == 60)
    #expect(matches("rej") == [30])
    #expect(matches("que", in: Self.early) == matches("queued", in: Self.early))
    #expect(matches("nothing") == [])
    #expect(matches("").count == 60)
  }

  @Test("what cannot be understood is said, and does not hide the rest")
  func problems() {
    #expect(RequestFilter("size>3").fault?.hasPrefix("there is no quantity size; there are id arrival prompt") == true)
    #expect(RequestFilter("ttft>fast").fault == "ttft>fast: a number is wanted after >")
    #expect(RequestFilter("ttft><3").fault == ">< compares nothing; < <= > >= = != do")
    #expect(RequestFilter("ttft>").terms == [])
    #expect(RequestFilter("ttft>").fault == nil)
    #expect(matches("size>3").count == 60)
  }
}
