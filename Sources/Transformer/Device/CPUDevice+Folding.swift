public import Core

/// Requests whose streaming heads have given up what lies between the first tokens and the last: which heads these are.
extension CPUDevice {
  func foldedTable(of request: RequestID, _ work: Retaining) -> FoldedTable? {
    work.fold(of: request).map { FoldedTable(fold: $0, split: model.headSplit(share: $0.share)) }
  }

  public func kept(_ fold: HeadFold, computed: Int, tokensPerBlock: Int) -> KeptTokens? {
    let all = (0..<Int32(computed)).map { $0 }
    let given = fold.lead * tokensPerBlock..<(fold.lead + fold.folded) * tokensPerBlock
    let few = all.filter { !given.contains(Int($0)) }
    return KeptTokens(
      computed: computed, layers: model.shape.layers, kvHeads: model.shape.keyHeads,
      positions: model.headSplit(share: fold.share).places.map { $0 == nil ? few : all })
  }
}
