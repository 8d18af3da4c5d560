import Analysis
import Core
import Host
import ServingEngine

extension ConsoleState {
  /// Selects the next request that the filter lists, and after the last the first.
  ///
  /// By number; of those in the engine where a page shows only them. O(requests).
  mutating func selectMatch(isBackwards: Bool) {
    let run = snapshot.shown
    let filter = RequestFilter(view.filter)
    var matches = (0..<run.observatory.requests.count).map { RequestID($0) }.filter { filter.matches($0, in: run) }
    if !(page is RequestsPage) {
      let live = matches.filter { RequestFilter("live").matches($0, in: run) }
      if !live.isEmpty { matches = live }
    }
    guard let first = matches.first, let last = matches.last else {
      say("no request matches \(view.filter)")
      return
    }
    guard let selected = view.selected else {
      view.selected = isBackwards ? last : first
      return
    }
    view.selected = isBackwards
      ? matches.last { $0 < selected } ?? last
      : matches.first { $0 > selected } ?? first
  }
}
