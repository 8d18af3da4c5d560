/// How far tokens have come through a model: so many layers, and so many operators of the next one.
///
/// ```
/// |  layer 0  |  layer 1  |  layer 2  |  …
/// start                 ^ layers 1, operators 2
/// ```
///
/// An operator is a kernel of the layer by its place in it; the one or two kernels of attention count as one.
public struct Depth: Comparable, Hashable, Sendable {
  private let code: UInt32

  public init(layers: Int, operators: Int = 0) {
    require(
      layers >= 0 && layers < 1 << 16 - 1 && operators >= 0 && operators < 1 << 16,
      "a depth of \(layers) layers and \(operators) operators")
    code = UInt32(layers) << 16 | UInt32(operators)
  }

  private init(code: UInt32) { self.code = code }

  /// Nothing is computed yet.
  public static var start: Depth { Depth(code: 0) }
  /// Through all layers, and what comes after them.
  public static var end: Depth { Depth(code: .max) }

  /// Whole layers; not for `end`, which knows no model.
  public var layers: Int { Int(code >> 16) }
  /// Operators of the layer after those.
  public var operators: Int { Int(code & 0xFFFF) }

  /// The same where the end has a number.
  public func layers(of model: Int) -> Int { self == .end ? model : min(layers, model) }

  public static func < (left: Depth, right: Depth) -> Bool { left.code < right.code }
}

extension Depth: CustomStringConvertible {
  public var description: String {
    self == .end ? "the end" : operators == 0 ? "layer \(layers)" : "layer \(layers), operator \(operators)"
  }
}
