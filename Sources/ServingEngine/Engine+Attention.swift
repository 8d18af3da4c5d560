import Core
import Hardware
import KVMemory
import Scheduling

/// From one form of attention to another. Keys and values stay; what forms keep beside them comes out of the same memory.
extension Engine {
  /// What attention leaves out; nil where it reads all.
  var sparse: SparseAttention? { attention.sparse(tokensPerBlock: state.memory.tokensPerBlock) }

  /// Why this engine cannot read so now; nil when it can.
  func obstacle(toAttention form: AttentionForm) -> String? {
    if let obstacle = form.obstacle(on: device, speculates: speculates) { return obstacle }
    guard let blocks = blocks(with: form), blocks != state.memory.pool.blockCount else { return nil }
    if membership != nil { return "several engines serve, and what is in one's memory may not fit beside what it keeps to choose by — fork the run" }
    return obstacle(toBlocks: blocks)
  }

  /// Of the pool; nil where their number stays.
  func blocks(with form: AttentionForm) -> Int? {
    kvBudget?.blocks(kvFormat, beside: form.sparse(tokensPerBlock: state.memory.tokensPerBlock))
  }

  mutating func setAttention(_ form: AttentionForm) -> [Settlement] {
    attention = form
    return blocks(with: form).map { resizePool(to: $0) } ?? []
  }

  /// Bytes that attention keeps beside the keys and values of a token, on one GPU, of a full block: 16 bits a number on a modelled
  /// GPU; on the cpu floats. 0 where it keeps nothing.
  public var noteBytesPerToken: Double {
    guard let sparse else { return 0 }
    let tokens = state.memory.tokensPerBlock
    if let kvBudget { return Double(kvBudget.notes.bytes(sparse)) / Double(tokens) }
    guard !device.isModelled, let facts = device.recordedFacts else { return 0 }
    return Double(facts.noteBytesPerBlock(sparse, tokensPerBlock: tokens)) / Double(tokens)
  }
}

extension RecordedDevice.Facts {
  /// Of what a form of attention keeps beside a block: floats.
  func noteBytesPerBlock(_ sparse: SparseAttention?, tokensPerBlock: Int) -> Int {
    guard let sparse, let headWidth else { return 0 }
    return 4 * sparse.notesPerBlock(keyNumbers: kvBytesPerToken / 4, headWidth: headWidth, tokensPerBlock: tokensPerBlock)
  }
}
