import Testing
import Validation

@Suite("Measured tables")
struct MeasuredTableTests {}
