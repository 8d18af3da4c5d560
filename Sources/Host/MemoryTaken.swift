import Analysis
import Core
import Hardware
import KVMemory
import Scheduling
import ServingEngine

/// What keys and values of those who run take, beside an exact cache of everything.
public struct MemoryTaken: Equatable, Sendable {
  /// Bits of an element of keys or values, scales included; nil where the model's heads are not known.
  public var bitsPerElement: Double?
  /// Of a token that is kept, in all layers, what attention keeps beside it included; nil as above.
  public var bytesPerToken: Int?
  /// Of them what attention keeps to choose by.
  public var noteBytesPerToken = 0.0
  /// The same of keys and values in half precision.
  public var exactBytesPerToken: Int?
  /// Tokens of the running requests that have keys and values, and that were computed.
  public var heldTokens = 0
  public var computedTokens = 0

  /// 0...1; nil when nobody runs.
  public var keptFraction: Double? { computedTokens > 0 ? Double(heldTokens) / Double(computedTokens) : nil }
  /// Memory taken ÷ that of an exact cache; nil when it is not known.
  public var part: Double? {
    guard let bytesPerToken, let exactBytesPerToken, exactBytesPerToken > 0 else { return nil }
    return Double(bytesPerToken) / Double(exactBytesPerToken) * (keptFraction ?? 1)
  }
}

extension Run {
  public var memoryTaken: MemoryTaken {
    var taken = MemoryTaken()
    let engine = engine
    if let gpu = engine.device.modelledGPU {
      var exact = gpu.model
      exact.kvFormat = .f16
      taken.exactBytesPerToken = exact.allocatedKVBytesPerToken()
      exact.kvFormat = engine.kvFormat
      taken.bytesPerToken = exact.allocatedKVBytesPerToken()
    } else if let facts = engine.device.recordedFacts {
      taken.exactBytesPerToken = facts.kvBytesPerToken(.f16)
      taken.bytesPerToken = facts.kvBytesPerToken(engine.kvFormat)
    }
    if let bytes = taken.bytesPerToken, let exact = taken.exactBytesPerToken, exact > 0 { taken.bitsPerElement = 16 * Double(bytes) / Double(exact) }
    taken.noteBytesPerToken = engine.noteBytesPerToken
    taken.bytesPerToken = taken.bytesPerToken.map { $0 + Int(taken.noteBytesPerToken.rounded(.up)) }
    let scheduler = engine.state.scheduler
    for row in scheduler.running.map(Int.init) {
      let computed = scheduler.requests[row].computed
      taken.computedTokens += computed
      taken.heldTokens += computed - min(computed, Int(scheduler.memory.tables[row].dropped))
    }
    return taken
  }

  /// Which tokens a running request still has, the first who runs if nobody is named; nil where all are kept.
  public func kept(of request: RequestID?) -> (request: RequestID, tokens: KeptTokens)? {
    let scheduler = engine.state.scheduler
    guard scheduler.running.contains(where: { scheduler.memory.tables[Int($0)].dropped > 0 }) else { return nil }
    let running = scheduler.running.map { scheduler.requests[Int($0)].id }
    guard let chosen = running.first(where: { $0 == request }) ?? running.min() else { return nil }
    return engine.kept(of: chosen).map { (chosen, $0) }
  }
}
