import Analysis
import Core
import Hardware
import Host
import ServingEngine
import Workload

/// One run of a claim: a configuration on a workload, from the first arrival to the last token.
struct Trial {
  var configuration: Configuration
  var trace: Trace

  init(_ trace: Trace, _ choose: (inout Configuration) -> Void) {
    configuration = Configuration()
    choose(&configuration)
    self.trace = trace
  }

  init(_ words: String, _ choose: (inout Configuration) -> Void) throws(ClaimFault) {
    do { self.init(try Generator(words).trace(), choose) } catch { throw ClaimFault("\(error)") }
  }

  /// - Parameters:
  ///   - isHopeless: Asked every 64 steps; true ends the run early.
  ///   - watch: Is shown every step.
  func run(
    until isHopeless: (Scoreboard) -> Bool = { _ in false }, watching watch: (StepRecord) -> Void = { _ in }
  ) throws(ClaimFault) -> Scoreboard {
    do {
      var fleet = try configuration.fleet(for: trace)
      var scoreboard = Scoreboard(slo: configuration.slo)
      while let report = try fleet.step() {
        scoreboard.fold(report.events, report.record, arrivals: trace.arrivals)
        watch(report.record)
        if fleet.stepsTaken % 64 == 0, isHopeless(scoreboard) { break }
      }
      return scoreboard
    } catch {
      throw ClaimFault("\(error)")
    }
  }

  /// Output tokens of completed requests per engine second.
  func throughput() throws(ClaimFault) -> Double {
    let score = try run()
    guard score.rejected == 0 else { throw ClaimFault("\(score.rejected) requests were rejected: the set-up does not hold them") }
    return score.perEngineSecond(score.outputTokens) ?? 0
  }
}

/// The greatest request rate at which a promise is kept, by bisection of its logarithm.
struct Capacity {
  /// Requests per second.
  let range: ClosedRange<Double>
  var rounds = 7

  /// - Parameter isKept: At a rate.
  /// - Returns: The greatest rate of the range found to keep it; nil when not even the least does.
  func greatest(_ isKept: (Double) throws(ClaimFault) -> Bool) throws(ClaimFault) -> Double? {
    guard try isKept(range.lowerBound) else { return nil }
    var (low, high) = (range.lowerBound, range.upperBound)
    for _ in 0..<rounds {
      let middle = (low * high).squareRoot()
      if try isKept(middle) { low = middle } else { high = middle }
    }
    return low
  }
}

extension Scoreboard {
  /// Seconds from arrival to end for each output token, on average over completed requests (Yu et al., Orca).
  var normalizedLatency: Double? {
    var sum = 0.0
    var count = 0
    for request in requests where request.isCompleted {
      guard let e2e = request.e2e, request.output > 0 else { continue }
      sum += e2e.seconds / Double(request.output)
      count += 1
    }
    return count > 0 ? sum / Double(count) : nil
  }
}

/// A device that a claim asks for the time of single steps.
func stepDevice(_ device: String, _ model: String, tensorParallel: Int = 1) throws(ClaimFault) -> ModelledGPU {
  do {
    return try ModelledGPU(
      accelerator: AcceleratorCatalogue.accelerator(named: device), model: ModelCatalogue.model(named: model),
      tensorParallel: tensorParallel)
  } catch {
    throw ClaimFault("\(error)")
  }
}

extension Batch {
  /// `decodes` requests that decode at a context, and a chunk of a prompt after `read` tokens of it.
  init(decodes: Int, context: Int, chunk: Int = 0, after read: Int = 0) {
    var slots = (0..<decodes).map {
      Batch.Slot(request: RequestID($0), first: context - 1, count: 1, promptCount: context - 1, outputs: 1, samples: true)
    }
    if chunk > 0 {
      slots.append(
        Batch.Slot(
          request: RequestID(decodes), first: read, count: chunk, promptCount: read + 2 * chunk, outputs: 0, samples: false))
    }
    self.init(slots: slots)
  }
}

extension ModelledGPU {
  /// Seconds of one step.
  func seconds(_ batch: Batch) throws(ClaimFault) -> Double {
    var copy = self
    do { return try copy.execute(batch).duration.seconds } catch { throw ClaimFault(error.description) }
  }
}

extension Double {
  /// With two digits, for reasons and curves.
  var two: String { fixed(2) }
}
