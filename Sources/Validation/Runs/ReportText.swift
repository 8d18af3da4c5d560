import Analysis

extension String {
  func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  func padded(leading width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

/// `+1.4 %`
func signedPercent(_ percent: Double) -> String { (percent >= 0 ? "+" : "−") + abs(percent).fixed(1) + " %" }
