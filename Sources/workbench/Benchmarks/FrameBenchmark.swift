import Console
import Core
import Host
import Screen
import ServingEngine
import Workload

/// What it costs to compose a frame of each page. Painting it is measured in a real terminal, by `.ci/session`.
struct FrameBenchmark: Benchmark {
  static let descriptor = Descriptor(
    name: "frame", summary: "composing a frame at 120 × 40, every page, the demo at step 900",
    source: "the bundled demo on a modelled RTX 4090")

  func run() throws -> [Measurement] {
    var timeline = Timeline(try Run(.demo, trace: BundledTraces.demo.trace()))
    try timeline.follow([], to: 900)
    let snapshot = Snapshot(shown: timeline.head, head: timeline.head, transport: .live)
    var measurements: [Measurement] = []
    for page in PageCatalogue.members.indices {
      let state = ConsoleState(snapshot: snapshot, size: Size(120, 40), page: page)
      let seconds = leastCPUSeconds(repeats: 20) {
        for _ in 0..<10 { _ = Frame.compose(state) }
      } / 10
      measurements.append(
        Measurement(
          name: PageCatalogue.members[page].descriptor.name, value: seconds * 1e3, unit: "CPU ms", target: .atMost(2)))
    }
    return measurements + [lookingBack(timeline)]
  }

  /// The worst of stepping one step back, wherever one stands.
  private func lookingBack(_ timeline: Timeline) -> Measurement {
    var worst = 0.0
    for step in stride(from: 10, to: timeline.head.step, by: 37) {
      worst = max(worst, leastCPUSeconds(repeats: 3) { _ = timeline.moment(at: step) })
    }
    return Measurement(name: "looking back, at worst", value: worst * 1e3, unit: "CPU ms", target: .atMost(100))
  }
}
