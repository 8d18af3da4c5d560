extension TracePage {
  public static let words = [
    Word("req/s tok/s", "arrivals a second, and the tokens they ask for"),
    Word("in s", "seconds until it arrives; below 0 since then"),
    Word("shared", "prompt tokens that begin an earlier prompt"),
    Word("output", "tokens that the answer will have, at most"),
    Word("p50 p90 p99", "as long as half, 90% and 99% at most"),
    Word("prio", "priority; the policy may ignore it"),
  ]
}
