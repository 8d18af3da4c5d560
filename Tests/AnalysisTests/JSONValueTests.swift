import Analysis
import Testing

@Suite("JSON values")
struct JSONValueTests {
  @Test("members keep their order, doubles their shortest digits, nil is null")
  func oneLine() {
    let value: JSONValue = [
      "z": 1, "a": 0.1, "none": JSONValue(nil as Double?), "list": [1, 2.5, "x", true, nil], "empty": [:], "no": [],
    ]
    #expect(
      value.description
        == #"{ "z": 1, "a": 0.1, "none": null, "list": [1, 2.5, "x", true, null], "empty": {}, "no": [] }"#)
    #expect(value["a"] == 0.1 && value["b"] == nil)
  }

  @Test("numbers that JSON cannot hold are null", arguments: [Double.nan, .infinity, -.infinity])
  func unspeakable(number: Double) {
    #expect(JSONValue(number) == .null)
    #expect(JSONValue.number(number).description == "null")
  }

  @Test("quotes, backslashes and control characters are escaped, other letters are not")
  func escapes() {
    #expect(JSONValue.string("a\"b\\c\nd\t\u{1}é→").description == #""a\"b\\c\nd\t\u0001é→""#)
  }

  @Test("the outermost object is opened, what fits on a line stays on it")
  func pretty() {
    let value: JSONValue = ["short": ["a": 1], "long": ["first": "xxxxxxxxxx", "second": [1, 2, 3]], "list": [10, 20]]
    #expect(
      value.pretty(width: 32) == """
        {
          "short": { "a": 1 },
          "long": {
            "first": "xxxxxxxxxx",
            "second": [1, 2, 3]
          },
          "list": [10, 20]
        }
        """)
  }
}
