import CNcurses

/// ncurses' colour pairs, each made the first time it is used and never made
/// again: redefining one that is on screen repaints everything.
struct Pairs {
  private var known: [UInt32: Int32] = [:]
  private var next: Int32 = 1
  private let limit: Int32
  private let hasDefaults: Bool

  /// Only after `start_color`. A limit of 0 is a terminal without colours.
  init(limit: Int, hasDefaults: Bool) {
    self.limit = Int32(clamping: limit)
    self.hasDefaults = hasDefaults
  }

  /// The pair of a foreground and a background, −1 the terminal's own; 0 when the table is full.
  mutating func number(_ foreground: Int16, _ background: Int16) -> Int32 {
    if limit <= 1 || foreground < 0 && background < 0 { return 0 }
    let key = UInt32(UInt16(bitPattern: foreground)) << 16 | UInt32(UInt16(bitPattern: background))
    if let pair = known[key] { return pair }
    guard next < limit else {
      // Better the right ink on the terminal's own ground than no colour at all.
      let fallback = background >= 0 ? number(foreground, -1) : 0
      known[key] = fallback
      return fallback
    }
    let ink = foreground < 0 && !hasDefaults ? 7 : Int32(foreground)
    let ground = background < 0 && !hasDefaults ? 0 : Int32(background)
    let pair = screen_set_pair(next, ink, ground) ? next : 0
    if pair > 0 { next += 1 }
    known[key] = pair
    return pair
  }

  /// For a new theme. The caller repaints everything.
  mutating func forget() {
    known.removeAll(keepingCapacity: true)
    next = 1
    screen_forget_pairs()
  }
}
