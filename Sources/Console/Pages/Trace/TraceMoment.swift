import Core
import Host
import Screen
import ServingEngine

/// The trace at the moment that is looked at: what each panel of the page draws.
struct TraceMoment {
  let trace: Trace
  let survey: TraceSurvey
  let view: TraceView
  let now: EngineTime
  /// Arrivals that have come in.
  let arrived: Int

  init(_ scene: Scene) {
    let fleet = scene.run.fleet
    self.init(fleet.trace, view: scene.view.trace, now: fleet.now, arrived: fleet.arrived)
  }

  init(_ trace: Trace, view: TraceView, now: EngineTime, arrived: Int) {
    self.trace = trace
    survey = TraceSurvey.of(trace)
    self.view = view
    self.now = now
    self.arrived = arrived
  }

  var arrivals: [Arrival] { trace.arrivals }

  /// What the axis of time spans: from the start of the run to the last arrival.
  var end: EngineTime { max(survey.last, .milliseconds(1)) }

  /// The arrival that is looked at: the chosen one, or the next. Nil without any.
  var cursor: Int? {
    guard !arrivals.isEmpty else { return nil }
    return min(max(view.cursor ?? arrived, 0), arrivals.count - 1)
  }

  /// The first arrival that is not earlier than `time`; their number when all are.
  func firstArrival(from time: EngineTime) -> Int {
    var low = 0
    var high = arrivals.count
    while low < high {
      let middle = (low + high) / 2
      if arrivals[middle].time < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func isArrived(_ index: Int) -> Bool { index < arrived }

  /// Seconds until an arrival; below zero since it.
  func distance(_ index: Int) -> Double { (arrivals[index].time - now).seconds }

  /// Nil when it has none.
  func label(of arrival: Arrival) -> String? {
    guard trace.labels.indices.contains(Int(arrival.label)), !trace.labels[Int(arrival.label)].isEmpty else { return nil }
    return trace.labels[Int(arrival.label)]
  }

  /// The same view with the cursor at an arrival, and time panned to it. The next arrival is followed.
  func moved(to index: Int) -> TraceView {
    var view = view
    guard !arrivals.isEmpty else { return view }
    let index = min(max(index, 0), arrivals.count - 1)
    view.cursor = index == arrived ? nil : index
    view.window.show(arrivals[index].time, of: end)
    return view
  }
}
