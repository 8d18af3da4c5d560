/// Stops the program with a sentence when one of our own rules is broken.
///
/// `precondition` loses its sentence in release builds; this keeps it. It is for
/// bugs of the program only: what the world can do wrong is a thrown error.
@inlinable
public func require(
  _ holds: Bool, _ sentence: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !holds { fatalError(sentence(), file: file, line: line) }
}
