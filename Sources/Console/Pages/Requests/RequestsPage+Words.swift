extension RequestsPage {
  public static let words = [
    Word("TTFT", "time to the first token, from the arrival"),
    Word("TPOT", "time for each token after the first"),
    Word("e2e", "from the arrival to the last token"),
    Word("pre", "how often it was preempted"),
    Word("!", "a promise (SLO) was broken"),
    Word("stalled", "in the batch, but left out of a step"),
    Word("aborted", "the client hung up"),
    Word("rejected", "could never have been served"),
  ]
}
