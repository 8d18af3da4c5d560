// The words, and how a theme file spells them. The number of a word is its place in the list below.
extension Role {
  // surface
  public static var bg: Role { Role(1) }
  public static var bgPanel: Role { Role(2) }
  public static var bgRaised: Role { Role(3) }
  public static var bgSelection: Role { Role(4) }
  public static var bgCursor: Role { Role(5) }
  public static var bgSearch: Role { Role(6) }

  // text
  public static var fg: Role { Role(7) }
  public static var fgMuted: Role { Role(8) }
  public static var fgFaint: Role { Role(9) }
  public static var fgStrong: Role { Role(10) }
  public static var fgInverse: Role { Role(11) }
  public static var fgLink: Role { Role(12) }
  public static var fgKey: Role { Role(13) }
  public static var fgNumber: Role { Role(14) }
  public static var fgUnit: Role { Role(15) }

  // frame
  public static var border: Role { Role(16) }
  public static var borderFocus: Role { Role(17) }
  public static var borderTitle: Role { Role(18) }
  public static var borderBadge: Role { Role(19) }
  public static var separator: Role { Role(20) }

  // state
  public static var ok: Role { Role(21) }
  public static var warn: Role { Role(22) }
  public static var alert: Role { Role(23) }
  public static var info: Role { Role(24) }
  public static var disabled: Role { Role(25) }
  public static var stale: Role { Role(26) }
  public static var modelled: Role { Role(27) }
  public static var measured: Role { Role(28) }

  // time
  public static var timeLive: Role { Role(29) }
  public static var timePaused: Role { Role(30) }
  public static var timeReplay: Role { Role(31) }
  public static var timePlayhead: Role { Role(32) }
  public static var timeMark: Role { Role(33) }
  public static var timeBreak: Role { Role(34) }
  public static var timeFuture: Role { Role(35) }

  // phase
  public static var phaseQueued: Role { Role(36) }
  public static var phasePrefill: Role { Role(37) }
  public static var phaseDecode: Role { Role(38) }
  public static var phaseDraft: Role { Role(39) }
  public static var phaseVerify: Role { Role(40) }
  public static var phasePreempted: Role { Role(41) }
  public static var phaseSwapped: Role { Role(42) }
  public static var phaseDone: Role { Role(43) }
  public static var phaseFailed: Role { Role(44) }

  // key–value memory
  public static var kvLive: Role { Role(45) }
  public static var kvShared: Role { Role(46) }
  public static var kvCached: Role { Role(47) }
  public static var kvFree: Role { Role(48) }
  public static var kvVictim: Role { Role(49) }
  public static var kvWrite: Role { Role(50) }
  public static var kvMoved: Role { Role(51) }
  public static var kvPinned: Role { Role(52) }

  // speculation
  public static var specAccepted: Role { Role(53) }
  public static var specRejected: Role { Role(54) }
  public static var specBonus: Role { Role(55) }
  public static var specUnverified: Role { Role(56) }
  public static var specLoss: Role { Role(57) }

  // hardware
  public static var hwGemm: Role { Role(58) }
  public static var hwAttnPrefill: Role { Role(59) }
  public static var hwAttnDecode: Role { Role(60) }
  public static var hwElementwise: Role { Role(61) }
  public static var hwComm: Role { Role(62) }
  public static var hwCopy: Role { Role(63) }
  public static var hwIdle: Role { Role(64) }
  public static var hwStall: Role { Role(65) }
  public static var roofCompute: Role { Role(66) }
  public static var roofMemory: Role { Role(67) }

  // service levels
  public static var sloMet: Role { Role(68) }
  public static var sloRisk: Role { Role(69) }
  public static var sloMissed: Role { Role(70) }

  // comparison
  public static var abA: Role { Role(71) }
  public static var abB: Role { Role(72) }
  public static var abABetter: Role { Role(73) }
  public static var abBBetter: Role { Role(74) }
  public static var abSame: Role { Role(75) }

  static let words: [String] = [
    "",
    "bg", "bg.panel", "bg.raised", "bg.selection", "bg.cursor", "bg.search",
    "fg", "fg.muted", "fg.faint", "fg.strong", "fg.inverse", "fg.link", "fg.key", "fg.number", "fg.unit",
    "border", "border.focus", "border.title", "border.badge", "separator",
    "ok", "warn", "alert", "info", "disabled", "stale", "modelled", "measured",
    "time.live", "time.paused", "time.replay", "time.playhead", "time.mark", "time.break", "time.future",
    "phase.queued", "phase.prefill", "phase.decode", "phase.draft", "phase.verify", "phase.preempted",
    "phase.swapped", "phase.done", "phase.failed",
    "kv.live", "kv.shared", "kv.cached", "kv.free", "kv.victim", "kv.write", "kv.moved", "kv.pinned",
    "spec.accepted", "spec.rejected", "spec.bonus", "spec.unverified", "spec.loss",
    "hw.gemm", "hw.attn.prefill", "hw.attn.decode", "hw.elementwise", "hw.comm", "hw.copy", "hw.idle", "hw.stall",
    "roof.compute", "roof.memory",
    "slo.met", "slo.risk", "slo.missed",
    "ab.a", "ab.b", "ab.a_better", "ab.b_better", "ab.same",
  ]

  /// As a theme file spells it: `fg.muted`, `req.7`, `ramp.heat.12`; `none` has no name.
  public var name: String {
    let index = Int(index)
    if index < Self.firstRequest { return Self.words[index] }
    if index < Self.firstRamp { return "req.\(index - Self.firstRequest)" }
    let step = index - Self.firstRamp
    return "\(Ramp.allCases[step / Ramp.levels].name).\(step % Ramp.levels)"
  }

  /// The role that a theme file calls `name`, a word only: requests and ramps are listed apart.
  public init?(word name: String) {
    guard !name.isEmpty, let place = Self.words.firstIndex(of: name) else { return nil }
    self.init(UInt8(place))
  }

  public static var allWords: [Role] { (1..<words.count).map { Role(UInt8($0)) } }
}
