/// Cuts bytes that come in pieces into lines. A line ends at LF, CR LF or CR.
///
/// A line that lies whole in one piece is handed on where it stands; only one that
/// goes on in the next piece is copied.
struct LineSplitter {
  enum Line {
    case bytes(UnsafeRawBufferPointer)
    /// Longer than `TraceLimits.line`; its bytes are gone.
    case tooLong
  }

  /// The beginning of a line whose end has not come yet.
  private var carry: [UInt8] = []
  private var carryIsTooLong = false
  /// The last byte was the CR of a possible CR LF.
  private var endedWithCR = false

  init() {}

  /// Calls `body` with each line that ends in `bytes`, until it answers false.
  mutating func feed<Failure: Error>(
    _ bytes: UnsafeRawBufferPointer, _ body: (Line) throws(Failure) -> Bool
  ) throws(Failure) {
    var at = 0
    if endedWithCR, let first = bytes.first {
      endedWithCR = false
      if first == 0x0a { at = 1 }
    }
    while at < bytes.count {
      var end = at
      while end < bytes.count, bytes[end] != 0x0a, bytes[end] != 0x0d { end += 1 }
      guard end < bytes.count else { return keep(bytes.part(at..<end)) }
      var goesOn: Bool
      if carry.isEmpty && !carryIsTooLong {
        goesOn = try body(.bytes(bytes.part(at..<end)))
      } else {
        keep(bytes.part(at..<end))
        goesOn = try finish(body)
      }
      if !goesOn { return }
      at = end + 1
      guard bytes[end] == 0x0d else { continue }
      if at == bytes.count {
        endedWithCR = true
      } else if bytes[at] == 0x0a {
        at += 1
      }
    }
  }

  /// Calls `body` with what stands behind the last line end, if anything does.
  @discardableResult
  mutating func finish<Failure: Error>(_ body: (Line) throws(Failure) -> Bool) throws(Failure) -> Bool {
    if carryIsTooLong {
      carryIsTooLong = false
      return try body(.tooLong)
    }
    if carry.isEmpty { return true }
    let goesOn = try carry.withUnsafeBufferPointer { (buffer) throws(Failure) in
      try body(.bytes(UnsafeRawBufferPointer(buffer)))
    }
    carry.removeAll(keepingCapacity: true)
    return goesOn
  }

  private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
    if carryIsTooLong || carry.count + bytes.count > TraceLimits.line {
      carryIsTooLong = true
      carry.removeAll()
    } else {
      carry.append(contentsOf: bytes)
    }
  }
}
