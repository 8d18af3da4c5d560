/// What a theme is measured by: how well it reads, and how far apart requests stay.
public struct ThemeCheck: Sendable {
  /// The lowest that shipped themes may reach.
  public struct Limits: Sendable {
    /// Against the ground, every role that is drawn as ink.
    public var contrast = 3.0
    /// Against the ground, for text that is read: `fg`, `fg.muted`, `fg.strong`, `fg.number`, `fg.key`.
    public var textContrast = 4.5
    /// CIEDE2000 between any two request looks that differ in colour only.
    public var requestDifference = 5.5

    public init() {}
  }

  public let theme: Theme

  public init(_ theme: Theme) { self.theme = theme }

  /// Roles that are drawn on the ground, the lowest contrast first, then by name.
  public var contrasts: [(role: Role, contrast: Double)] {
    let words = Role.allWords.filter { !$0.name.hasPrefix("bg") && $0 != .fgInverse }
    let roles = words + (0..<Role.requestCount).map(Role.request)
    return roles.filter { theme[$0].colour != nil }
      .map { ($0, theme.colour(of: $0).contrast(with: theme.ground)) }
      .sorted { ($0.1, $0.0.name) < ($1.1, $1.0.name) }
  }

  /// The two request slots that look most alike to a kind of eye; nil when no two differ by colour.
  public func closestRequests(under vision: Vision) -> (first: Int, second: Int, difference: Double)? {
    let looks = (0..<Role.requestCount).map { theme[.request($0)] }
    let seen = looks.map { $0.colour.map(vision.seeing) }
    var closest: (Int, Int, Double)?
    for first in looks.indices {
      for second in looks.indices where second > first && looks[first].attributes == looks[second].attributes {
        guard looks[first] != looks[second], let one = seen[first], let other = seen[second] else { continue }
        let difference = one.difference(from: other)
        if difference < closest?.2 ?? .infinity { closest = (first, second, difference) }
      }
    }
    return closest
  }

  /// One sentence for each limit that is not kept; none for a theme that may be shipped.
  public func complaints(_ limits: Limits = Limits()) -> [String] {
    let text: Set<Role> = [.fg, .fgMuted, .fgStrong, .fgNumber, .fgKey]
    var complaints: [String] = []
    for (role, contrast) in contrasts {
      let limit = text.contains(role) ? limits.textContrast : limits.contrast
      if contrast < limit {
        let colours = "\(theme.colour(of: role).hex) on \(theme.ground.hex)"
        complaints.append(
          "\(role.name) \(colours) has contrast \(Figure.fixed(contrast, decimals: 2)); "
            + "at least \(Figure.fixed(limit, decimals: 1)) reads well")
      }
    }
    for vision in Vision.allCases {
      guard let (first, second, difference) = closestRequests(under: vision) else { continue }
      if difference >= limits.requestDifference { continue }
      complaints.append(
        "req.\(first) and req.\(second) differ by \(Figure.fixed(difference, decimals: 1)) under \(vision.rawValue) vision; "
          + "at least \(Figure.fixed(limits.requestDifference, decimals: 1)) can be told apart")
    }
    return complaints
  }
}
