/// What is wrong with a row, before the reader adds the line.
struct RowFault: Error, Equatable {
  var field: String
  var problem: String

  init(_ field: String = "", _ problem: String) {
    self.field = field
    self.problem = problem
  }

  init(_ field: StaticString, _ problem: String) {
    self.init("\(field)", problem)
  }
}
