/// What it took to bring keys and values from one format into another.
public struct KVConversion: Equatable, Sendable {
  public var from: KVFormat
  public var to: KVFormat
  /// Blocks that held something.
  public var blocks: Int
  /// Read and written, of one GPU.
  public var bytes: Int
  /// Measured where times are, else modelled.
  public var duration: EngineTime

  public init(from: KVFormat, to: KVFormat, blocks: Int, bytes: Int, duration: EngineTime) {
    self.from = from
    self.to = to
    self.blocks = blocks
    self.bytes = bytes
    self.duration = duration
  }

  public var sentence: String {
    let tenths = (duration.nanoseconds + 50_000) / 100_000
    let done = "\(blocks) blocks from \(from.rawValue) to \(to.rawValue) in \(tenths / 10).\(tenths % 10) ms"
    return from.isLossy ? done + "; what \(from.rawValue) had lost stays lost until it is computed again" : done
  }
}
