/// What attention gives to the tokens whose logits are wanted, layer by layer: kept to be compared.
struct AttentionTap {
  /// Of each layer `[wanted, queryWidth]`, in the order of the logits.
  private(set) var layers: [[Float]]
  let width: Int

  init(_ shape: LlamaShape) {
    layers = Array(repeating: [], count: shape.layers)
    width = shape.queryWidth
  }

  mutating func note(layer: Int, rows: [Int], of mixed: UnsafePointer<Float>) {
    for row in rows { layers[layer] += UnsafeBufferPointer(start: mixed + row * width, count: width) }
  }

  /// Of each layer ‖a row − another tap's‖ ÷ ‖the other's‖.
  func errors(of row: Int, against exact: AttentionTap, row exactRow: Int) -> [Float] {
    zip(layers, exact.layers).map { own, theirs in
      var (difference, size): (Float, Float) = (0, 0)
      for element in 0..<width {
        let truth = theirs[exactRow * width + element]
        let error = own[row * width + element] - truth
        difference += error * error
        size += truth * truth
      }
      return size > 0 ? (difference / size).squareRoot() : 0
    }
  }
}
