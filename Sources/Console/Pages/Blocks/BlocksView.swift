import Core

/// What the viewer has chosen on the page KV.
public struct BlocksView: Sendable, Equatable {
  /// The selected block of the map.
  public var cursor: BlockID = 1
  public var layer = BlockLayer.owner
  /// The row at the top of a map that is larger than its panel.
  public var firstRow = 0
  /// The selected row of each panel, by its position in `BlocksPage.panels`; the map's is not used.
  public var rows = [0, 0, 0, 0, 0]
  /// Steps that a column of the pool's history stands for: a power of two.
  public var stepsPerColumn = 1

  public init() {}
}

/// What the letters of the block map say. The place of a block never changes.
public enum BlockLayer: String, CaseIterable, Sendable {
  /// Who holds it.
  case owner
  /// How many block tables name it.
  case references
  /// Whether its content can be found by another request.
  case content
  /// How soon it is handed out.
  case order

  /// What its glyphs mean; the short one for narrow panels.
  var legend: (long: String, short: String) {
    switch self {
    case .owner: ("A-X owner  # shared  ░ cached  ◌ evict next  · free", "A-X # shared ░ cached ◌ next · free")
    case .references: ("1-9 tables that name it  + more  ░ cached  · free", "1-9 + tables ░ cached · free")
    case .content: ("█ findable  = copy  ▒ not findable  ░ cached  · free", "█ findable = copy ▒ not ░ cached · free")
    case .order: ("0-9 tenth of the free list, 0 is next  ▒ in use", "0-9 tenth of free list ▒ used")
    }
  }
}
