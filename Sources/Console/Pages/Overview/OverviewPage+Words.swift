extension OverviewPage {
  public static let words = [
    Word("ph", "P reads its prompt, D writes its answer"),
    Word("done/total", "tokens in memory, of prompt + longest answer"),
    Word("tok", "tokens computed in the last step"),
    Word("kv", "blocks of KV memory that it holds"),
    Word("hit", "part of its prompt found in the prefix cache"),
    Word("acc", "drafted tokens that were accepted"),
    Word("TTFT", "time to the first token, from the arrival"),
    Word("TPOT", "time for each token after the first"),
    Word("slack", "left of the promise due next; ! near or past"),
    Word("SLO", "what is promised: TTFT / TPOT"),
    Word("miss", "requests that broke their promise"),
    Word("goodput", "requests a second that kept every promise"),
    Word("budget", "most tokens that one step may compute"),
    Word("shared saves", "blocks more, were none of them shared"),
    Word("frag", "part of the blocks in use that is empty"),
    Word("evict", "cached content that was given up"),
    Word("preempt", "gives its blocks back, computes them again"),
    Word("MFU", "arithmetic done, of what the chip can do"),
    Word("FLOP/B", "operations for each byte moved in the step"),
    Word("ridge", "FLOP/B from which arithmetic binds, not memory"),
  ]
}
