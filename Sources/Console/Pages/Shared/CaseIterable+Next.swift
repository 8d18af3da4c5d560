extension CaseIterable where Self: Equatable, AllCases.Index == Int {
  /// The one after this, and after the last the first.
  var next: Self {
    let all = Self.allCases
    let index = all.firstIndex(of: self) ?? 0
    return all[(index + 1) % all.count]
  }
}
