import Analysis
import Core
import Hardware
import Host
import Screen
import ServingEngine
import Testing

@testable import Console

@Suite("Instances beside each other")
struct InstanceLanesTests {
  /// The sample run on one instance that reads prompts and two that decode, over a slow network.
  static func snapshot(steps: Int) throws -> Snapshot {
    let gpu = try AcceleratorCatalogue.accelerator(named: "h100")
    let fleet = Fleet(
      Array(repeating: SampleRun.engine(), count: 3), roles: [.prefill, .decode, .decode],
      rules: FleetRules(transfer: .merged, linkChoice: .ethernet(gigabits: 10, microseconds: 100)),
      cargo: .init(bytesPerBlock: 2_000_000, copiesPerBlock: 64, gpus: 1, accelerators: [gpu, gpu]))
    var bench = Evidence.Bench()
    bench.instances = 3
    var run = Run(fleet: fleet, observatory: Observatory(bench: bench))
    for _ in 0..<steps { try run.advance() }
    return Snapshot(shown: run, head: run, transport: .paused)
  }

  static func scene(_ snapshot: Snapshot) -> Scene {
    HardwareSample.scene(snapshot, focus: .instances) { $0.hardware.laneMilliseconds = 800 }
  }

  @Test("a lane for each, the link with how many transfers are on it, and who is on the way now")
  func picture() throws {
    let scene = Self.scene(try Self.snapshot(steps: 120))
    var canvas = Canvas(110, InstanceLanes.height(scene.run.fleet))
    InstanceLanes(scene: scene).draw(in: canvas.area, isFocused: true, on: &canvas)
    #expect(
      canvas.text == """
        ┏━ instances ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ last 0.80 s · 1 col = 12.5 ms ━┓
        ┃▶1 prefill ·································██·██··██·███···███████████···█ run    0  wait    0  KV  40%    ┃
        ┃ 2 decode  ·······································▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ run    3  wait    0  KV  18%    ┃
        ┃ 3 decode  ·············································▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ run    2  wait    0  KV  39%    ┃
        ┃ link      ··································111121111112111112111112111121                                 ┃
        ┃           r5 1→3 4%   · 3 wait for the link · 0 for blocks                                                 ┃
        ┗━ router least-loaded · merged over ethernet:10:100 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 1 of 3 ━┛
        """)
  }

  @Test("the panel fits every size, has its place on the page, and is not there for one instance")
  func places() throws {
    let snapshot = try Self.snapshot(steps: 60)
    for (width, height) in [(120, 36), (80, 20), (60, 12)] {
      let picture = HardwareSample.picture(Self.scene(snapshot), width, height)
      #expect(picture.contains("instances") && picture.contains("2 decode"), "\(width) × \(height)\n\(picture)")
    }
    let alone = HardwareSample.picture(HardwareSample.scene(SampleRun.snapshot(steps: 18), focus: .instances), 120, 36)
    #expect(!alone.contains("instances"))
  }

  @Test("j, k and i choose the instance that every page shows")
  func choosing() throws {
    let snapshot = try Self.snapshot(steps: 60)
    var state = ConsoleState(snapshot: snapshot, size: Size(120, 40), page: 2)
    #expect(Frame.compose(state).text.contains("instance 1/3"))
    _ = state.update(.input(.key(.character("i"))))
    #expect(state.scene.run.focus == 1 && Frame.compose(state).text.contains("instance 2/3"))
    _ = state.update(.input(.key(.character("I"))))
    _ = state.update(.input(.key(.character("I"))))
    #expect(state.scene.run.focus == 2 && state.scene.run.engine.membership?.number == 2)
    var alone = ConsoleState(snapshot: SampleRun.snapshot(steps: 5), size: Size(120, 40))
    _ = alone.update(.input(.key(.character("i"))))
    #expect(alone.toast?.sentence == "one instance serves this run; workbench TRACE --replicas N begins one with several")
  }
}
