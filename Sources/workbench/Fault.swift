/// Bad usage or bad input: one line for standard error, exit status 2.
struct Fault: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
