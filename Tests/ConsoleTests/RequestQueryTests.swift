import Analysis
import Console
import Core
import Testing

@Suite("Request query")
struct RequestQueryTests {
  private func fits(_ text: String) -> Bool {
    var record = RequestRecord(arrival: .zero, input: 1_200)
    record.output = 40
    record.firstToken = .milliseconds(600)
    return RequestQuery(text).matches(RequestID(17), record, phase: "decode", label: "Chat")
  }

  @Test("words must all fit; fields, numbers and negation are understood")
  func words() {
    for text in [
      "", "r17", "17", "chat", "CHAT dec", "phase:decode label:chat", "input>1000", "input>=1200 output<=40", "ttft>0.5",
      "!waiting", "preemptions=0", "!input<1000",
    ] {
      #expect(fits(text), "\(text)")
    }
    for text in ["r18", "chat waiting", "input>1200", "tpot>0", "!chat", "phase:prefill", "!phase:decode"] {
      #expect(!fits(text), "\(text)")
    }
  }

  @Test("a field that does not exist is named, with those that do")
  func faults() {
    #expect(RequestQuery("colour:red").fault == "colour: is no field; fields are " + RequestQuery.fields.joined(separator: " "))
    #expect(RequestQuery("input>many").fault == "input>many: a number is wanted after >")
    #expect(RequestQuery("chat").fault == nil)
  }
}
