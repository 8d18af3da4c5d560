/// Shapes that were kept out of every fit: those whose FNV-1a hash, of the shape's numbers written with spaces
/// between, is divisible by four.
///
/// The hash sees the shape but not the GPU, so a shape that is held out is so on all of them.
enum HoldOut {
  static func holds(_ shape: [Int], _ word: String? = nil) -> Bool {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ text: String) {
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    for (index, number) in shape.enumerated() {
      if index > 0 { mix(" ") }
      mix(String(number))
    }
    if let word { mix(" " + word) }
    return hash % 4 == 0
  }
}
