extension BlocksPage {
  public static let words = [
    Word("block", "room for the keys and values of some tokens"),
    Word("A-X a-x", "holder of most of a cell; small: not of half"),
    Word("live", "named by the table of a running request"),
    Word("cached", "free, but its content can be found again"),
    Word("logical phys", "place in the request, place in the memory"),
    Word("ref", "block tables that name the block"),
    Word("slack", "room in the last block that holds no token"),
    Word("hit", "prompt tokens found in the cache, of all"),
    Word("handed out", "turn in which free blocks are given away"),
  ]
}
