import Core
import Synchronization

/// A GPU with some of its SMs only: with all the bandwidth that they reach, and with half of it.
struct GPUPart: Sendable {
  var multiprocessors: Int
  var full: ModelledGPU
  var halved: ModelledGPU

  /// A batch as if it were one kernel.
  struct Load {
    /// Nanoseconds of its kernels with all the bandwidth, and with half of it.
    var alone: Double
    var halved: Double
    var bytes: Double

    /// Nanoseconds when moving bytes takes `stretch` times as long: as of a `StreamKernel`.
    func time(stretch: Double) -> Double { alone + (halved - alone) * (stretch - 1) }
  }

  func load(of batch: Batch) -> Load {
    let (time, bytes) = full.sums(of: batch)
    return Load(alone: time, halved: max(time, halved.sums(of: batch).time), bytes: bytes)
  }
}

/// The parts of a GPU that were asked for so far.
///
/// An object, as their tables are immutable and cost milliseconds: a GPU that was copied before it was divided, as every
/// moment of the past was, shares them all the same. Who finds one missing makes it; that changes no result.
final class GPUParts: Sendable {
  private let known = Mutex<[GPUPart]>([])

  func part(_ count: Int, of whole: ModelledGPU) throws(DeviceError) -> GPUPart {
    if let part = known.withLock({ $0.first { $0.multiprocessors == count } }) { return part }
    let reach = Chip.bandwidthPart(of: count, in: whole.chip.multiprocessors)
    let part = GPUPart(
      multiprocessors: count, full: try whole.limited(to: Chip.Share(multiprocessors: count, bandwidthPart: reach)),
      halved: try whole.limited(to: Chip.Share(multiprocessors: count, bandwidthPart: reach / 2)))
    known.withLock { parts in
      if !parts.contains(where: { $0.multiprocessors == count }) { parts.append(part) }
    }
    return part
  }
}
