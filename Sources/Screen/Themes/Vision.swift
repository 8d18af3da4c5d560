/// How a colour looks to eyes without one of the three kinds of cones.
///
/// - Source: Machado, Oliveira & Fernandes 2009, "A physiologically-based model
///   for simulation of color vision deficiency", severity 1, on linear light.
public enum Vision: String, CaseIterable, Sendable {
  case normal, protan, deutan, tritan

  public func seeing(_ colour: Colour) -> Colour {
    guard let rows else { return colour }
    let light = colour.linear
    return Colour(linear: SIMD3((rows.0 * light).sum(), (rows.1 * light).sum(), (rows.2 * light).sum()))
  }

  private var rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)? {
    switch self {
    case .normal: nil
    case .protan:
      (SIMD3(0.152286, 1.052583, -0.204868), SIMD3(0.114503, 0.786281, 0.099216), SIMD3(-0.003882, -0.048116, 1.051998))
    case .deutan:
      (SIMD3(0.367322, 0.860646, -0.227968), SIMD3(0.280085, 0.672501, 0.047413), SIMD3(-0.011820, 0.042940, 0.968881))
    case .tritan:
      (SIMD3(1.255528, -0.076749, -0.178779), SIMD3(-0.078411, 0.930809, 0.147602), SIMD3(0.004733, 0.691367, 0.303900))
    }
  }
}
