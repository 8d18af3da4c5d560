import Core

/// What the viewer has chosen on the page Overview.
public struct OverviewView: Sendable, Equatable {
  /// Column that the batch is sorted by.
  var sort = BatchColumn.slack
  var isDescending = false
  var columns = BatchColumns.service
  /// The row at the top of each list; the selection moves it.
  var batchTop = 0
  var waitingTop = 0
  var eventsTop = 0
  /// Position in the log of marks.
  var selectedMark: Int?
  /// Percentiles of the whole run instead of the last requests.
  var latencyOfWholeRun = false
  /// Columns as high as their time instead of their tokens.
  var stepsShowTime = false
  /// The pool's history as evicted blocks instead of used ones.
  var memoryShowsEvictions = false
  var timeline = TimelineWindow()
  var timelineQuantity = TimelineQuantity.tokens

  public init() {}
}
