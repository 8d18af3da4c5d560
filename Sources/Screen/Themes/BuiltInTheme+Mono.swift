extension BuiltInTheme {
  /// The text of `themes/mono.toml`, letter for letter; a test holds them equal.
  public static let mono = BuiltInTheme(
    name: "mono",
    text: #"""
      # mono: no colour at all. Bold, dim, underline and reverse carry what colours carry elsewhere;
      # letters, glyphs and textures carry the rest.

      [meta]
      name = "mono"
      variant = "dark"
      license = "MIT"
      author = "the workbench authors"
      # The terminal keeps its own ground; true fills the screen with bg.
      paints_background = false

      [roles]
      # surface: only used as grounds
      bg = "default"
      "bg.panel" = "default"
      "bg.raised" = "default"
      "bg.selection" = { reverse = true }
      "bg.cursor" = { reverse = true }
      "bg.search" = { reverse = true }

      # text
      fg = "default"
      "fg.muted" = { dim = true }
      "fg.faint" = { dim = true }
      "fg.strong" = { bold = true }
      "fg.inverse" = "default"
      "fg.link" = { underline = true }
      "fg.key" = { bold = true }
      "fg.number" = "default"
      "fg.unit" = { dim = true }

      # frame
      border = { dim = true }
      "border.focus" = { bold = true }
      "border.title" = { bold = true }
      "border.badge" = { dim = true }
      separator = { dim = true }

      # state: modelled and measured say where a figure comes from
      ok = "default"
      warn = { underline = true }
      alert = { bold = true }
      info = "default"
      disabled = { dim = true }
      stale = { dim = true }
      modelled = { underline = true }
      measured = "default"

      # time
      "time.live" = { bold = true }
      "time.paused" = { bold = true }
      "time.replay" = { bold = true }
      "time.playhead" = { bold = true }
      "time.mark" = { bold = true }
      "time.break" = { bold = true }
      "time.future" = { dim = true }

      # phases of a request: reading is cool, writing is warm
      "phase.queued" = { dim = true }
      "phase.prefill" = { bold = true }
      "phase.decode" = "default"
      "phase.draft" = "default"
      "phase.verify" = "default"
      "phase.preempted" = "default"
      "phase.swapped" = "default"
      "phase.done" = { dim = true }
      "phase.failed" = { bold = true }

      # blocks of key-value memory
      "kv.live" = "default"
      "kv.shared" = { bold = true }
      "kv.cached" = { dim = true }
      "kv.free" = { dim = true }
      "kv.victim" = "default"
      "kv.write" = { bold = true }
      "kv.moved" = "default"
      "kv.pinned" = "default"

      # speculation
      "spec.accepted" = { bold = true }
      "spec.rejected" = "default"
      "spec.bonus" = "default"
      "spec.unverified" = { dim = true }
      "spec.loss" = { bold = true }

      # kernels and limits
      "hw.gemm" = "default"
      "hw.attn.prefill" = "default"
      "hw.attn.decode" = "default"
      "hw.elementwise" = "default"
      "hw.comm" = "default"
      "hw.copy" = "default"
      "hw.idle" = { dim = true }
      "hw.stall" = "default"
      "roof.compute" = "default"
      "roof.memory" = "default"

      # service levels
      "slo.met" = "default"
      "slo.risk" = { underline = true }
      "slo.missed" = { bold = true }

      # comparison: orange and blue, never red and green
      "ab.a" = "default"
      "ab.b" = "default"
      "ab.a_better" = "default"
      "ab.b_better" = { bold = true }
      "ab.same" = { dim = true }

      # Sixteen levels, least to most; fewer stops are spread and mixed in OKLab.
      [ramp.util]  # one look: the glyph says how much
      stops = ["default", "default"]

      [ramp.occupancy]  # one look: the glyph says how much
      stops = ["default", "default"]

      [ramp.latency]  # one look: the glyph says how much
      stops = ["default", "default"]

      [ramp.age]  # one look: the glyph says how much
      stops = ["default", "default"]

      [ramp.heat]  # one look: the glyph says how much
      stops = ["default", "default"]

      [ramp.temperature]  # one look: the glyph says how much
      stops = ["default", "default"]

      [ramp.power]  # one look: the glyph says how much
      stops = ["default", "default"]

      [ramp.diverging]  # one look: the glyph says how much
      stops = ["default", "default"]

      # Letters tell requests apart.
      [requests]
      colours = [
        "default",
      ]

      """#)
}
