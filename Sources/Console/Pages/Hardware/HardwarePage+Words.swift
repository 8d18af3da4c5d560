extension HardwarePage {
  public static let words = [
    Word("SM", "a core of the GPU: streaming multiprocessor"),
    Word("tile", "a piece of a product, computed by one SM"),
    Word("wave", "as many tiles as run at once"),
    Word("tail", "how full the last wave is"),
    Word("FLOP/B", "operations for each byte that is moved"),
    Word("roof", "the most that the chip allows at this FLOP/B"),
    Word("ridge", "FLOP/B from which arithmetic binds, not memory"),
    Word("bound", "what limits the kernel"),
    Word("MFU", "arithmetic done, of what the chip can do"),
    Word("cores", "part of the step each thread was on a core"),
    Word("measured", "taken with a clock as it happened"),
    Word("link", "transfers at once from prefill to decode"),
    Word("modelled", "computed from equations, not measured"),
  ]
}
