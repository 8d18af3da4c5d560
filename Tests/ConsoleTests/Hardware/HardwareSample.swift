import Analysis
import Core
import Hardware
import Host
import KVMemory
import Scheduling
import Screen
import ServingEngine

@testable import Console

/// The sample run on a modelled H100 with Llama 3.1 8B, and on a device without a datasheet.
enum HardwareSample {
  static func modelled(steps: Int, model: String = "llama-3.1-8b", tensorParallel: Int = 1) throws -> Snapshot {
    var limits = Limits()
    limits.maxSequences = 32
    let device = try ModelledGPU(
      accelerator: AcceleratorCatalogue.accelerator(named: "h100"), model: ModelCatalogue.model(named: model),
      tensorParallel: tensorParallel)
    let engine = Engine(
      trace: SampleRun.engine().trace, planner: Planner(limits: limits, policy: FirstComeFirstServed()),
      memory: KVCache(blockCount: 1_024, tokensPerBlock: 16, reusesPrefixes: true), device: device)
    var run = Run(engine: engine, observatory: Observatory(slo: SLO(ttft: .milliseconds(500), tpot: .milliseconds(40))))
    for _ in 0..<steps { try run.advance() }
    return Snapshot(shown: run, head: run, transport: .paused)
  }

  /// The page Hardware as the viewer sees it.
  static func scene(_ snapshot: Snapshot, focus: HardwarePanel = .grid, _ change: (inout ViewState) -> Void = { _ in }) -> Scene {
    var view = ViewState()
    view.page = 2
    view.focus[2] = focus.rawValue
    change(&view)
    return Scene(snapshot: snapshot, view: view)
  }

  static func picture(_ scene: Scene, _ width: Int, _ height: Int) -> String {
    var canvas = Canvas(width, height)
    HardwarePage().draw(scene, in: canvas.area, on: &canvas)
    return canvas.text
  }
}

extension Canvas {
  /// Nothing was drawn on a canvas of `?` but inside `area`, which lies two cells from its edges.
  func isUntouched(outside area: Rect) -> Bool {
    (0..<height).allSatisfy { row in
      (0..<width).allSatisfy { column in
        area.contains(Point(column, row)) || cells[row * width + column].scalar == "?"
      }
    }
  }
}
