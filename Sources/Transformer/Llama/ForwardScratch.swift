import Core

/// What a forward pass needs besides weights and cache: room for its intermediate numbers, threads to work on, and how.
///
/// Nothing in it outlives a pass but its measurements, and who watches; any scratch gives the same logits.
public struct ForwardScratch: ~Copyable {
  public let pool: ThreadPool
  public let path: KernelPath
  public var precision: Activations.Precision { activations.precision }
  /// Tokens that go through the layers together; longer batches go in several rounds.
  public let rows: Int
  /// Stages of the last pass, in order of time.
  public var runs: [StageRun] { log.runs }
  /// Is shown the queries, keys and values of each layer, `[rows, queryWidth + 2 · keyWidth]`, when they have been turned.
  var observe: ((_ layer: Int, _ rows: Int, _ projected: UnsafePointer<Float>) -> Void)?
  var log = StageLog()
  /// Is shown the queries of passes; nil where nobody asks.
  var watcher: (any AttentionWatcher)?
  /// Of the last pass, how much of attention's weight fell on keys that were read, where that was asked.
  var kept = KeptShare()

  /// `[rows, hidden]`: the residual stream, what a block adds to it, and either normalised.
  let stream, addend, normalised: FloatBuffer
  /// `[rows, queryWidth + 2 · keyWidth]`: queries, keys, values side by side.
  let projected: FloatBuffer
  /// `[rows, queryWidth]`: what attention gives.
  let mixed: FloatBuffer
  /// `[rows, feedForward]`.
  let gate, up: FloatBuffer
  /// `[rows, rotaryWidth / 2]`: of each row's position.
  let cosines, sines: FloatBuffer
  var activations: Activations
  /// Nil keeps nothing.
  var tap: AttentionTap?
  /// Of the last pass; reused when nobody else keeps them.
  var logits: [Float] = []

  public init(
    _ model: borrowing PackedLlama, rows: Int = 256, precision: Activations.Precision = .eightBits, pool: ThreadPool, path: KernelPath = .best
  ) {
    require(rows > 0, "a pass over \(rows) tokens")
    let shape = model.shape
    self.pool = pool
    self.path = path
    self.rows = rows
    stream = FloatBuffer(rows * shape.hidden)
    addend = FloatBuffer(rows * shape.hidden)
    normalised = FloatBuffer(rows * shape.hidden)
    projected = FloatBuffer(rows * (shape.queryWidth + 2 * shape.keyWidth))
    mixed = FloatBuffer(rows * shape.queryWidth)
    gate = FloatBuffer(rows * shape.feedForward)
    up = FloatBuffer(rows * shape.feedForward)
    cosines = FloatBuffer(rows * shape.rotaryWidth / 2)
    sines = FloatBuffer(rows * shape.rotaryWidth / 2)
    activations = Activations(
      columns: rows, width: max(shape.hidden, shape.queryWidth, shape.feedForward), precision: precision,
      holdsFloats: model.hasFloatMatrices)
  }
}

/// The part of dense attention's weight that falls on the keys that attention read, measured beside a pass.
struct KeptShare {
  /// Whether the next pass measures it: that costs more than the attention does.
  var isWanted = false
  /// Layer by layer.
  private(set) var layers: [Double] = []
  /// What measuring took.
  var duration = Duration.zero

  mutating func begin() {
    layers.removeAll(keepingCapacity: true)
    duration = .zero
  }

  mutating func note(_ share: Double) { layers.append(share) }

  /// 0...1; nil where nothing was measured.
  var mean: Double? { layers.isEmpty ? nil : layers.reduce(0, +) / Double(layers.count) }
}

/// Floats on a cache line's boundary; pages that nobody writes cost nothing.
struct FloatBuffer {
  private let buffer: AlignedBuffer
  init(_ count: Int) { buffer = AlignedBuffer(bytes: count * 4, isZeroed: false) }
  var base: UnsafeMutablePointer<Float> { buffer.base.assumingMemoryBound(to: Float.self) }
}
