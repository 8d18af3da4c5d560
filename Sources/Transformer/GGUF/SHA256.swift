/// The SHA-256 digest of bytes that come in pieces.
///
/// - Source: FIPS 180-4, sections 4.1.2, 4.2.2, 5.3.3 and 6.2.
public struct SHA256: Sendable {
  private var state: [UInt32] = Self.fractions(of: 8) { $0.squareRoot() }
  private var pending: [UInt8] = []
  private var byteCount: UInt64 = 0

  public init() {}

  public static func hexadecimal(of bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexadecimal
  }

  public static func hexadecimal(of bytes: [UInt8]) -> String { bytes.withUnsafeBytes { hexadecimal(of: $0) } }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    byteCount += UInt64(bytes.count)
    var rest = bytes[...]
    if !pending.isEmpty {
      let taken = min(64 - pending.count, rest.count)
      pending += rest.prefix(taken)
      rest = rest.dropFirst(taken)
      guard pending.count == 64 else { return }
      pending.withUnsafeBytes { compress($0) }
      pending.removeAll(keepingCapacity: true)
    }
    let whole = rest.count / 64 * 64
    compress(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)))
    pending += rest.dropFirst(whole)
  }

  /// 64 lower-case digits.
  public var hexadecimal: String {
    var copy = self
    var tail: [UInt8] = [0x80]
    tail += repeatElement(0, count: (119 - Int(byteCount % 64)) % 64)
    withUnsafeBytes(of: (byteCount * 8).bigEndian) { tail += $0 }
    tail.withUnsafeBytes { copy.update($0) }
    return copy.state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// Whole blocks of 64 bytes.
  private mutating func compress(_ blocks: UnsafeRawBufferPointer) {
    Self.constants.withUnsafeBufferPointer { constants in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { schedule in
        var (a0, b0, c0, d0) = (state[0], state[1], state[2], state[3])
        var (e0, f0, g0, h0) = (state[4], state[5], state[6], state[7])
        for block in stride(from: 0, to: blocks.count, by: 64) {
          for t in 0..<16 {
            schedule[t] = UInt32(bigEndian: blocks.loadUnaligned(fromByteOffset: block + 4 * t, as: UInt32.self))
          }
          for t in 16..<64 {
            let (w15, w2) = (schedule[t - 15], schedule[t - 2])
            let s0 = rotated(w15, 7) ^ rotated(w15, 18) ^ (w15 >> 3)
            let s1 = rotated(w2, 17) ^ rotated(w2, 19) ^ (w2 >> 10)
            schedule[t] = schedule[t - 16] &+ s0 &+ schedule[t - 7] &+ s1
          }
          var (a, b, c, d, e, f, g, h) = (a0, b0, c0, d0, e0, f0, g0, h0)
          for t in 0..<64 {
            let s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
            let t1 = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ constants[t] &+ schedule[t]
            let s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
            let t2 = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
          }
          a0 &+= a; b0 &+= b; c0 &+= c; d0 &+= d
          e0 &+= e; f0 &+= f; g0 &+= g; h0 &+= h
        }
        state = [a0, b0, c0, d0, e0, f0, g0, h0]
      }
    }
  }

  private static let constants: [UInt32] = fractions(of: 64, cubeRoot)

  /// The first 32 bits of the fractions of roots of the first primes: where the standard's constants come from.
  private static func fractions(of count: Int, _ root: (Double) -> Double) -> [UInt32] {
    let primes = (2...311).lazy.filter { number in (2..<number).allSatisfy { number % $0 != 0 } }
    return primes.prefix(count).map { prime in
      let value = root(Double(prime))
      return UInt32((value - value.rounded(.down)) * 0x1p32)
    }
  }

  /// By Newton's steps: correct to the last bits of a Double, of which 32 after the point are used.
  private static func cubeRoot(_ x: Double) -> Double {
    var y = x / 2
    for _ in 0..<60 { y -= (y * y * y - x) / (3 * y * y) }
    return y
  }
}

@inline(__always)
private func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 - bits) }
