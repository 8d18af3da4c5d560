import Core

/// Which layers have a property: some first ones, then a cycle for the rest.
public struct LayerPattern: Equatable, Sendable {
  public var first: [Bool]
  /// Never empty.
  public var cycle: [Bool]

  public init(first: [Bool] = [], cycle: [Bool]) {
    require(!cycle.isEmpty, "a pattern of layers needs at least one layer in its cycle")
    self.first = first
    self.cycle = cycle
  }

  public static let all = Self(cycle: [true])
  public static let none = Self(cycle: [false])

  public subscript(layer: Int) -> Bool {
    layer < first.count ? first[layer] : cycle[(layer - first.count) % cycle.count]
  }

  public func count(of layers: Int) -> Int {
    (0..<layers).reduce(0) { $0 + (self[$1] ? 1 : 0) }
  }
}

extension ModelCard {
  /// What distinguishes the layers of a model.
  public struct LayerKind: Hashable, Sendable {
    public var isWindowed: Bool
    public var hasExperts: Bool
  }

  public func kind(ofLayer layer: Int) -> LayerKind {
    LayerKind(isWindowed: window?.layers[layer] ?? false, hasExperts: experts != nil && expertLayers[layer])
  }

  /// Layers with experts; 0 for a dense model.
  public var expertLayerCount: Int { experts == nil ? 0 : expertLayers.count(of: layers) }
  /// Layers that see `window.tokens` tokens; 0 without a window.
  public var windowedLayerCount: Int { window.map { $0.layers.count(of: layers) } ?? 0 }

  /// Numbers of a head's query and key.
  public var keyDimension: Int { latent.map { $0.plain + $0.rotary } ?? headDimension }
  /// Numbers of a head's value.
  public var valueDimension: Int { latent?.value ?? headDimension }
}
