/// What a batch is put together of, by what runs beside it.
public enum BatchScope: Equatable, Sendable {
  /// It has the device to itself. Who waits for a token of the batch before counts that token as there.
  case alone
  /// Others are under way, each with its requests: who waits for a token of one is left out; the next chunk of a prompt is
  /// not, for it follows the chunk before through every stage.
  case beside
  /// Others are under way; of those that can be served, who reads a prompt, and who leaves the queue.
  case prompts
  /// Others are under way; of those that can be served, who decodes.
  case decodes
}
