import Core

/// The types of tensors that can be read, as numbered in the file.
public enum TensorType: UInt32, CaseIterable, Sendable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q8_0 = 8
  case q4_K = 12
  case q6_K = 14
  case bf16 = 30

  public var layout: any BlockLayout.Type {
    switch self {
    case .f32: F32.self
    case .f16: F16.self
    case .bf16: BF16.self
    case .q8_0: Q8_0.self
    case .q4_0: Q4_0.self
    case .q4_1: Q4_1.self
    case .q4_K: Q4_K.self
    case .q6_K: Q6_K.self
    }
  }

  public var name: String { Self.names[Int(rawValue)] }
  public var elementsPerBlock: Int { layout.elementsPerBlock }
  public var bytesPerBlock: Int { layout.bytesPerBlock }

  /// Decodes whole blocks; `elements` has room for all of them.
  public func decode(_ blocks: UnsafeRawBufferPointer, into elements: UnsafeMutableBufferPointer<Float>) {
    let count = blocks.count / bytesPerBlock * elementsPerBlock
    require(blocks.count % bytesPerBlock == 0, "\(blocks.count) bytes are not whole blocks of \(bytesPerBlock)")
    require(elements.count >= count, "room for \(elements.count) of \(count) elements")
    layout.decodeAll(blocks, into: elements)
  }

  public static var supportedNames: String { "F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K and Q6_K" }

  /// Also of those that cannot be read, so that a message can say what a file has.
  public static func name(of number: UInt32) -> String {
    number < names.count && !names[Int(number)].isEmpty ? names[Int(number)] : "of the unknown type \(number)"
  }

  /// By number; numbers without a name are no longer in use.
  private static let names: [String] = [
    "F32", "F16", "Q4_0", "Q4_1", "", "", "Q5_0", "Q5_1", "Q8_0", "Q8_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K",
    "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS", "I8", "I16", "I32", "I64", "F64", "IQ1_M",
    "BF16", "", "", "", "TQ1_0", "TQ2_0", "", "", "", "MXFP4",
  ]
}
