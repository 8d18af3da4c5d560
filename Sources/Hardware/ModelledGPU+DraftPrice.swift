public import Core

extension ModelledGPU {
  /// What a step in which every sequence decodes would take with `drafts` for each: making them, and verifying them.
  public func price(of wishes: [DraftTask.Wish], drafts: Int, by means: DraftMeans, isTree: Bool) -> (draft: EngineTime, verify: EngineTime) {
    var wishes = wishes
    for number in wishes.indices { wishes[number].limit = drafts }
    let batch = Batch(
      slots: wishes.map { wish in
        Batch.Slot(
          request: wish.request.id, first: wish.request.known - 1, count: 1 + drafts, drafts: drafts,
          promptCount: wish.request.prompt.count, outputs: wish.request.output.count, samples: true, label: wish.request.label)
      })
    var copy = self
    let verify = (try? copy.execute(batch).duration) ?? .zero
    guard drafts > 0 else { return (.zero, verify) }
    if case .duodecoding = overlap { return (.zero, verify) }
    return (drafting(DraftTask(means: means, isTree: isTree, batch: batch, wishes: wishes, running: wishes.map(\.request.id))).duration, verify)
  }
}
