import Core
import Screen

/// The last step, the moment in it that is looked at, and how it is looked at: what each panel of the page draws.
struct HardwareMoment {
  let anatomy: StepAnatomy
  let view: HardwareView
  /// Since the start of the step.
  let time: EngineTime
  /// The kernel that runs then, in the stream that is looked at or else in the first; nil when none does.
  let kernel: Int?

  /// Nil before the first step.
  init?(_ scene: Scene) {
    guard let anatomy = StepAnatomy(scene.run) else { return nil }
    self.init(anatomy, view: scene.view.hardware)
  }

  init(_ anatomy: StepAnatomy, view: HardwareView) {
    self.anatomy = anatomy
    self.view = view
    if let cursor = view.cursor, cursor.step == anatomy.step {
      time = min(max(cursor.time, .zero), anatomy.end)
      let running = anatomy.kernels(at: time)
      kernel = running.first { anatomy.kernels[$0].stream == cursor.stream } ?? running.first
    } else {
      kernel = anatomy.heaviest
      time = kernel.map { anatomy.kernels[$0].middle } ?? .zero
    }
  }

  var running: KernelRun? { kernel.map { anatomy.kernels[$0] } }
  /// What runs then, a kernel for each stream that is not idle.
  var side: [KernelRun] { anatomy.kernels(at: time).map { anatomy.kernels[$0] } }

  /// Kinds in the order of the table; the rest is not among them.
  var ordered: [KernelGroup] {
    let groups = anatomy.groups
    if view.order == .layer { return view.isReversed ? groups.reversed() : groups }
    let weights = groups.map { group in
      switch view.order {
      case .time, .layer: Double(group.time.nanoseconds)
      case .launches: Double(group.launches)
      case .roof: fraction(of: group) ?? -1
      }
    }
    // Equal weights fall to the order of a layer, in both directions.
    return groups.indices.sorted { left, right in
      let (first, second) = (weights[left], weights[right])
      return first == second ? left < right : (first > second) != view.isReversed
    }.map { groups[$0] }
  }

  func fraction(of group: KernelGroup) -> Double? {
    anatomy.roof?.fraction(group.kind, operations: group.operations, bytes: group.bytes, time: group.time)
  }

  func fraction(of kernel: KernelRun) -> Double? {
    anatomy.roof?.fraction(kernel.kind, operations: kernel.operations, bytes: kernel.bytes, time: kernel.duration)
  }
}

extension HardwareMoment {
  /// The same view with the cursor at `time`, and the timeline showing it.
  func moved(to time: EngineTime, stream: Int? = nil) -> HardwareView {
    var view = view
    let time = min(max(time, .zero), anatomy.end)
    view.cursor = HardwareView.Cursor(step: anatomy.step, time: time, stream: stream ?? running?.stream ?? 0)
    view.window.show(time, of: anatomy.end)
    return view
  }

  /// To the middle of a kernel. Nil when there is no such kernel.
  func moved(toKernel index: Int) -> HardwareView? {
    anatomy.kernels.indices.contains(index)
      ? moved(to: anatomy.kernels[index].middle, stream: anatomy.kernels[index].stream) : nil
  }

  /// The kernel before or after the cursor, in order of start.
  func neighbour(_ offset: Int) -> Int {
    if let kernel { return kernel + offset }
    let after = anatomy.firstKernel(after: time)
    return offset > 0 ? after : after - 1
  }

  /// The launch of a kind that is nearest to the cursor.
  func nearest(_ kind: KernelRun.Kind) -> Int? {
    var nearest: Int?
    var distance = Int64.max
    for (index, kernel) in anatomy.kernels.enumerated() where kernel.kind == kind {
      let away = abs(kernel.middle.nanoseconds - time.nanoseconds)
      if away < distance { (nearest, distance) = (index, away) }
    }
    return nearest
  }
}

extension KernelRun {
  var middle: EngineTime { EngineTime(nanoseconds: start.nanoseconds + duration.nanoseconds / 2) }

  /// `gemm gate_up L17`
  var title: String { kind.name + (layer.map { " L\($0)" } ?? "") }
}

extension KernelRun.Kind {
  var scalar: Unicode.Scalar { letter.unicodeScalars.first ?? "?" }

  var style: Style {
    switch self {
    case .qkv, .output, .gateUp, .down, .experts, .head: Style(.hwGemm)
    case .attentionPrefill: Style(.hwAttnPrefill)
    case .attentionIndex, .attentionShared, .attentionDecode: Style(.hwAttnDecode)
    case .normalise, .sampler, .retain: Style(.hwElementwise)
    case .allReduce, .send: Style(.hwComm)
    }
  }
}

/// Milliseconds within a step: `19.80`; with more digits when the picture is closer.
func milliseconds(_ time: EngineTime, decimals: Int = 2, width: Int? = nil) -> String {
  Figure.fixed(time.milliseconds, decimals: decimals, width: width)
}

/// `574 µs`
func span(_ time: EngineTime) -> String { Figure.span(.nanoseconds(time.nanoseconds)) }
