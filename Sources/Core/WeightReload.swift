/// What it took to bring a model's weights into another format while requests are in flight.
public struct WeightReload: Equatable, Sendable {
  /// As the catalogue writes them.
  public var from: String
  public var to: String
  /// Of the weights that were loaded, in the new format, of one GPU.
  public var bytes: Int
  /// Blocks with keys and values that the weights before gave; they stay.
  public var blocks: Int
  /// Measured where times are, else modelled.
  public var duration: EngineTime
  /// Over which way they came.
  public var way: Way

  public enum Way: String, Sendable, Codable {
    /// Packed anew from the mapped file.
    case file
    /// Copied from host memory, where they are taken to lie in every format.
    case host
  }

  public init(from: String, to: String, bytes: Int, blocks: Int, duration: EngineTime, way: Way) {
    self.from = from
    self.to = to
    self.bytes = bytes
    self.blocks = blocks
    self.duration = duration
    self.way = way
  }

  public var sentence: String {
    let tenths = (duration.nanoseconds + 50_000) / 100_000
    let size = (bytes + 50_000) / 100_000
    let done = "weights from \(from) to \(to): \(size / 10).\(size % 10) MB "
      + (way == .file ? "packed from the file" : "from host memory, taken to lie there so,") + " in \(tenths / 10).\(tenths % 10) ms"
    return blocks > 0 ? done + "; \(blocks) blocks of keys and values stay as \(from) gave them" : done
  }
}
