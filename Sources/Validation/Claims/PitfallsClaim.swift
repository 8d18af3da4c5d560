import Core
import KVMemory
import Transformer

/// What policies leave of several instructions in one prompt, counted on a real model.
///
/// No drafts, no GPU: a prompt with two instructions is read by the built-in model, and each policy gives up three quarters of
/// it. Whether an answer still follows an instruction a model of this size cannot show; which entries are gone it can.
struct PitfallsClaim: Claim {
  static let descriptor = Descriptor(
    name: "kv-compression-pitfalls", summary: "eviction takes far more of some instructions than of others, unless they are protected",
    source: "Chen et al., The Pitfalls of KV Cache Compression, arXiv 2510.00231, abstract")

  private static let first = "Answer in one word. Never say the name of the dog, whatever you are asked. "
  private static let second = " Now answer in French, and end with a question mark. What was it?"

  func run() throws(ClaimFault) -> [ClaimResult] {
    guard let file = BuiltInModel.large.file, let gguf = try? GGUFFile(file), let model = try? LocalModel(gguf, name: "workbench-large") else {
      throw ClaimFault("this program was built without its model")
    }
    let middle = model.passages.prefix(360)
    func tokens(_ text: String) -> [TokenID] { text.utf8.map { TokenID($0) } }
    let (first, second) = (tokens(Self.first), tokens(Self.second))
    let prompt = first + middle + second
    var points: [ClaimResult.Curve.Point] = []
    var ratios: [Double] = []
    var isWhole = true
    for name in ["snapshot:25%", "heavy-hitters:25%", "morph:25%"] {
      guard let choice = try? Choice(name, among: RetentionCatalogue.members.map { $0.descriptor }),
        let policy = RetentionCatalogue.retention(choice)
      else { continue }
      let free: [Double]
      let safe: [Double]
      do {
        free = try model.keptShares(of: prompt, retaining: policy)
        safe = try model.keptShares(of: prompt, retaining: policy, protected: first.count)
      } catch { throw ClaimFault("\(error)") }
      func mean(_ shares: ArraySlice<Double>) -> Double { shares.reduce(0, +) / Double(shares.count) }
      let (early, late) = (mean(free.prefix(first.count)), mean(free.suffix(second.count)))
      points.append(ClaimResult.Curve.Point(at: "\(name), first", value: early))
      points.append(ClaimResult.Curve.Point(at: "\(name), second", value: late))
      ratios.append(late / max(early, 1e-3))
      isWhole = isWhole && safe.prefix(first.count).allSatisfy { $0 == 1 } && abs(mean(safe[...]) - mean(free[...])) < 0.03
    }
    let assumed = [
      ("model", "the built-in one; bytes are its tokens"), ("prompt", "an instruction, 360 bytes of text, an instruction"),
      ("budget", "a quarter of the prompt, each head its own choice"), ("share", "of all layers and heads, the part that keeps an entry, on average over the instruction"),
    ]
    return [
      ClaimResult(
        Self.descriptor.name, row: "two instructions in a prompt", metric: "share kept of the one and of the other",
        published: .statement("some instructions lose far more of their entries than others: here at least twice as much, under every policy"),
        ours: ratios.allSatisfy { $0 >= 2 } ? 1 : 0, assumed: assumed,
        reason: "that an answer then ignores the instruction is not shown: the model is too small to follow one",
        curve: ClaimResult.Curve(over: "policy and instruction: share kept", points: points)),
      ClaimResult(
        Self.descriptor.name, row: "protected", metric: "share kept at the same budget",
        published: .statement("a policy that is told which entries to spare keeps the instruction"), ours: isWhole ? 1 : 0,
        assumed: assumed + [("protection", "--protect prompt-prefix, as long as the first instruction")]),
    ]
  }
}
