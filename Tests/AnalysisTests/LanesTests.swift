import Analysis
import Core
import Testing

@Suite("Lanes")
struct LanesTests {
  @Test("rows are requests, columns are steps, cells are tokens computed")
  func picture() {
    #expect(
      pairOfRequests().observatory().lanes.description == """
        A  2 1 1 . 1
        B  . 3 x 5 .
        """)
  }

  @Test("columns are as wide as their widest number, and many requests go by number")
  func widths() {
    var recorder = LaneRecorder()
    var step = StepRecord()
    recorder.fold([.computed(7, 512), .computed(30, 1)], step)
    step.step = 1
    recorder.fold([.computed(30, 2)], step)
    #expect(
      recorder.lanes.description == """
        r7   512 .
        r30    1 2
        """)
  }

  @Test("a recorder with a limit forgets the oldest steps")
  func limit() {
    var recorder = LaneRecorder(limit: 3)
    var step = StepRecord()
    for index in 0..<100 {
      step.step = index
      recorder.fold([.computed(index % 2, 1)], step)
    }
    #expect(recorder.lanes.columns.map(\.step) == [97, 98, 99])
  }
}
