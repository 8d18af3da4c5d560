import Core
import Testing

@testable import Transformer

@Suite("Norm, softmax, gate and rotation")
struct ArithmeticTests {
  private func numbers(_ count: Int, _ random: inout SplitMix, scale: Float = 6) -> [Float] {
    (0..<count).map { _ in Float(random.unit() - 0.5) * scale }
  }

  /// Runs on every path; all must give the same bits.
  private func onEveryPath(_ place: String, _ body: (KernelPath) -> [Float]) -> [Float] {
    let plain = body(KernelPath.all[0])
    for path in KernelPath.all.dropFirst() { #expect(body(path).map(\.bitPattern) == plain.map(\.bitPattern), "\(place), \(path.name)") }
    return plain
  }

  private func agree(_ found: [Float], _ expected: [Double], within bound: Double, _ place: String) {
    for (index, pair) in zip(found, expected).enumerated() where !(abs(Double(pair.0) - pair.1) <= bound * max(1, abs(pair.1))) {
      Issue.record("\(place): element \(index) is \(pair.0), not \(pair.1)")
      return
    }
  }

  @Test("of any length they are right, and have the same bits on every path")
  func lengths() {
    var random = SplitMix(seed: 7, purpose: "arithmetic")
    for _ in 0..<40 {
      let count = 1 + random.below(200)
      let place = "seed 7, length \(count)"
      let x = numbers(count, &random, scale: 20)
      let y = numbers(count, &random)

      let norm = onEveryPath(place) { path in
        var result = x
        path.rmsNorm(x, weight: y, epsilon: 1e-5, count: count, into: &result)
        return result
      }
      let mean = x.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(count)
      agree(norm, zip(x, y).map { Double($0) * Double($1) / (mean + 1e-5).squareRoot() }, within: 2e-6, "norm, " + place)

      let soft = onEveryPath(place) { path in
        var result = x
        path.softmax(&result, count: count)
        return result
      }
      let top = Double(x.max() ?? 0)
      let weights = x.map { exponential(Double($0) - top) }
      let total = weights.reduce(0, +)
      agree(soft, weights.map { $0 / total }, within: 1e-6, "softmax, " + place)

      let gate = onEveryPath(place) { path in
        var result = x
        path.siluMultiply(gate: x, up: y, count: count, into: &result)
        return result
      }
      agree(gate, zip(x, y).map { Double($0) / (1 + exponential(-Double($0))) * Double($1) }, within: 2e-6, "gate, " + place)
    }
  }

  @Test("a rotation turns each pair by its angle, in both layouts")
  func rotations() {
    var random = SplitMix(seed: 8, purpose: "rotations")
    for (width, pairs) in [(64, 32), (128, 64), (80, 20), (32, 16)] {
      let angles = numbers(pairs, &random)
      let cosines = angles.map { Float(cosine(Double($0))) }
      let sines = angles.map { Float(sine(Double($0))) }
      let x = numbers(3 * width, &random)
      for layout in [KernelPath.RotaryLayout.neighbours, .halves] {
        let turned = onEveryPath("width \(width), \(layout)") { path in
          var result = x
          path.rotate(&result, heads: 3, headWidth: width, pairs: pairs, cosines: cosines, sines: sines, layout: layout)
          return result
        }
        var expected = x.map(Double.init)
        for head in 0..<3 {
          for pair in 0..<pairs {
            let a = head * width + (layout == .halves ? pair : 2 * pair)
            let b = head * width + (layout == .halves ? pair + pairs : 2 * pair + 1)
            expected[a] = Double(x[a]) * Double(cosines[pair]) - Double(x[b]) * Double(sines[pair])
            expected[b] = Double(x[a]) * Double(sines[pair]) + Double(x[b]) * Double(cosines[pair])
          }
        }
        agree(turned, expected, within: 1e-6, "width \(width), \(layout)")
      }
    }
  }

  @Test("halves are rounded to even, of every size, on every path")
  func halves() {
    var random = SplitMix(seed: 9, purpose: "halves")
    let x = (0..<4_000).map { index -> Float in
      if index < 40 { return [0, -0.0, 65_504, 65_519.9, 65_520, 1e9, 0x1p-24, 0x1p-25, 0x1.8p-24, -0x1p-14][index % 10] }
      return Float(random.unit() - 0.5) * Float(sign: .plus, exponent: random.below(44) - 27, significand: 1)
    }
    for path in KernelPath.all {
      var halves = [UInt16](repeating: 0, count: x.count)
      var back = x
      path.toHalf(x, count: x.count, into: &halves)
      path.fromHalf(halves, count: x.count, into: &back)
      for index in x.indices {
        #if !(os(macOS) && arch(x86_64))
          let expected = Float16(x[index])
          if halves[index] != expected.bitPattern || back[index] != Float(expected) {
            Issue.record("\(path.name): \(x[index]) becomes \(halves[index]), not \(expected.bitPattern)")
            return
          }
        #endif
      }
    }
  }
}
