import Testing
import Validation

@Suite("Measured tables")
struct MeasuredTableTests {
  private func table(_ text: String) throws -> MeasuredTable { try MeasuredTable(file: "t.csv", bytes: Array(text.utf8)) }

  @Test("columns are found by name; quoted fields hold commas; blank lines and carriage returns do not matter")
  func reading() throws {
    let table = try table("a,b,c\r\n1,\"x, y\",2.5\r\n\r\n3,,1e3\n")
    #expect(table.count == 2)
    #expect(try table.text(0, table.column("b")) == "x, y")
    #expect(try table.number(0, table.column("c")) == 2.5)
    #expect(try table.number(1, table.column("c")) == 1000)
    #expect(try table.integer(1, table.column("a")) == 3)
    #expect(try table.isEmpty(1, table.column("b")))
  }

  @Test("what is wrong is named with its file, line and field")
  func faults() throws {
    func sentence(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    #expect(sentence { _ = try table("") }.hasPrefix("t.csv: line 1"))
    #expect(sentence { _ = try table("a,b\n1\n") } == "t.csv: line 2: 1 fields where the header names 2")
    #expect(sentence { _ = try table("a\n1\n").column("z") } == "t.csv: line 1: there is no column z")
    #expect(sentence { _ = try table("a\n1\nx\n").number(1, 0) } == "t.csv: line 3: a: “x” is not a number")
    #expect(sentence { _ = try KernelTable(table("foo,bar\n")) }.hasPrefix("t.csv: line 1: no table of kernels"))
    #expect(
      sentence {
        var validation = KernelValidation()
        try validation.add(table("gpu,dtype,m,n,k,latency_us\nTX-9,bf16,1,2,3,4\n"))
      } == "t.csv: line 2: gpu: “TX-9” is not a GPU of `workbench list devices`")
  }
}
