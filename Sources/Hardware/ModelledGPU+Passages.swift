import Core

/// Steps in which not everybody goes through the whole model.
extension ModelledGPU {
  /// The kernels of a step, in order: in each layer those for the slots that go through it. Where an interruption ends the
  /// step, how far it came.
  ///
  /// ```
  /// decodes  ████████████████████████  head
  /// prompt         ██████
  ///          layers →
  /// ```
  ///
  /// - Complexity: A `StepLoad` for each stretch of layers, and an estimate for each kernel of every layer.
  func passingLaunches(of batch: Batch) -> (launches: [Launch], stopped: Depth?) {
    var way = Way(batch)
    var launches: [Launch] = []
    var now = hostTime(sequences: batch.slots.count)
    func launch(_ kind: KernelRun.Kind, _ layer: Int?, _ estimate: KernelEstimate) {
      launches.append(Launch(kind: kind, layer: layer, estimate: estimate))
      now += estimate.time
    }
    func isOver() -> Bool { batch.interruption.map { now >= $0 } ?? false }

    if let load = way.load(at: .start, kernels.attention) {
      let sizes = StepKernels.Sizes(load)
      for entry in kernels.program.opening { if let estimate = sizes.estimate(entry) { launch(entry.kind, nil, estimate) } }
    }
    for layer in 0..<model.layers {
      let variant = kernels.program.order[layer]
      var first = 0
      while first < kernels.program.variants[variant].operators {
        let next = way.cut(after: Depth(layers: layer, operators: first))
        let end = next.layers == layer && next != .end ? next.operators : kernels.program.variants[variant].operators
        if let load = way.load(at: Depth(layers: layer, operators: first), kernels.attention) {
          var done = first
          var stopped: Int?
          kernels.forEachKernel(ofVariant: variant, load, StepKernels.Sizes(load)) { number, kind, estimate in
            guard number >= first, number < end, stopped == nil else { return }
            if number > done, isOver() {
              stopped = number
              return
            }
            done = number
            launch(kind, layer, estimate)
          }
          if let stopped { return (launches, Depth(layers: layer, operators: stopped)) }
          // The last layer is followed by little, and is not worth a stop.
          if isOver(), end == kernels.program.variants[variant].operators, layer < model.layers - 1 {
            return (launches, Depth(layers: layer + 1))
          }
        }
        first = end
      }
    }
    if let load = way.load(at: .end, kernels.attention) {
      kernels.forEachClosingKernel(of: load, StepKernels.Sizes(load)) { launch($0, nil, $1) }
    }
    return (launches, nil)
  }
}

/// Which slots of a batch go through which stretches of the model.
private struct Way {
  private let batch: Batch
  /// Where somebody comes in or is through, ascending.
  private let cuts: [Depth]
  /// Of the stretch that was asked for last.
  private var known: (from: Depth, load: StepLoad?)?

  init(_ batch: Batch) {
    self.batch = batch
    cuts = batch.passages.flatMap { [$0.from, $0.to] }.sorted()
  }

  /// The next cut below; `end` when there is none.
  func cut(after depth: Depth) -> Depth { cuts.first { $0 > depth } ?? .end }

  /// What those ask for who go through what lies at a depth; nil when nobody does.
  mutating func load(at depth: Depth, _ attention: AttentionKernels) -> StepLoad? {
    // The end is a place of its own: who stops before it has no logits.
    let from = depth == .end ? .end : cuts.last { $0 <= depth } ?? .start
    if let known, known.from == from { return known.load }
    var isHere = [Bool](repeating: true, count: batch.slots.count)
    for passage in batch.passages {
      isHere[Int(passage.slot)] = depth == .end ? passage.to == .end : passage.from <= depth && depth < passage.to
    }
    let here = batch.part(isHere)
    let load = here.slots.isEmpty ? nil : StepLoad(here, for: attention)
    known = (from, load)
    return load
  }
}
