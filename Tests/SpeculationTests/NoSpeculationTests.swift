import Core
import Speculation
import Testing

@Suite("No speculation")
struct NoSpeculationTests {
  @Test("nothing is proposed")
  func nothing() {
    var drafter = NoSpeculation()
    let request = Request(
      id: RequestID(0), arrival: Arrival(time: .zero, prompt: Prompt([1, 2, 1, 2, 1]), outputLimit: 4))
    #expect(drafter.propose(after: request, limit: 5) == [])
  }
}
