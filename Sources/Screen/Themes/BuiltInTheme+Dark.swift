extension BuiltInTheme {
  /// The text of `themes/workbench-dark.toml`, letter for letter; a test holds them equal.
  public static let dark = BuiltInTheme(
    name: "workbench-dark",
    text: #"""
      # workbench-dark: the default. Calm greys, cool prefill, warm decode.
      #
      # A role says what a thing means; this file says how it looks. Copy it, rename it,
      # change what you like, and start with --theme PATH. `inherits = "workbench-dark"` on
      # the first line lets a file say only what differs.

      [meta]
      name = "workbench-dark"
      variant = "dark"
      license = "MIT"
      author = "the workbench authors"
      # The terminal keeps its own ground; true fills the screen with bg.
      paints_background = false

      # All of xterm's fixed 256 colours: what is written here is what is shown.
      [palette]
      ink = "#d0d0d0"  # 252
      white = "#ffffff"  # 231
      grey = "#949494"  # 246
      dust = "#6c6c6c"  # 242
      coal = "#121212"  # 233
      slate = "#262626"  # 235
      stone = "#3a3a3a"  # 237
      iron = "#585858"  # 240
      olive = "#5f5f00"  # 58
      sky = "#5fafff"  # 75
      cyan = "#5fd7ff"  # 81
      teal = "#5fd7af"  # 79
      mist = "#87afaf"  # 109
      leaf = "#87d787"  # 114
      sage = "#87af87"  # 108
      gold = "#ffd700"  # 220
      sand = "#d7af87"  # 180
      cream = "#ffffaf"  # 229
      butter = "#ffd787"  # 222
      amber = "#ffaf5f"  # 215
      orange = "#ff8700"  # 208
      azure = "#00afff"  # 39
      violet = "#af87ff"  # 141
      rose = "#d787af"  # 175
      coral = "#ff5f5f"  # 203
      clay = "#af875f"  # 137

      [roles]
      # surface: only used as grounds
      bg = "coal"
      "bg.panel" = "coal"
      "bg.raised" = "slate"
      "bg.selection" = "stone"
      "bg.cursor" = "iron"
      "bg.search" = "olive"

      # text
      fg = "ink"
      "fg.muted" = "grey"
      "fg.faint" = "dust"
      "fg.strong" = { fg = "white", bold = true }
      "fg.inverse" = "coal"
      "fg.link" = "sky"
      "fg.key" = "butter"
      "fg.number" = "ink"
      "fg.unit" = "grey"

      # frame
      border = "dust"
      "border.focus" = "cyan"
      "border.title" = "ink"
      "border.badge" = "grey"
      separator = "dust"

      # state: modelled and measured say where a figure comes from
      ok = "leaf"
      warn = "gold"
      alert = { fg = "coral", bold = true }
      info = "sky"
      disabled = "dust"
      stale = "clay"
      modelled = "violet"
      measured = "teal"

      # time
      "time.live" = { fg = "leaf", bold = true }
      "time.paused" = { fg = "gold", bold = true }
      "time.replay" = { fg = "violet", bold = true }
      "time.playhead" = { fg = "white", bold = true }
      "time.mark" = "cyan"
      "time.break" = "coral"
      "time.future" = "dust"

      # phases of a request: reading is cool, writing is warm
      "phase.queued" = "grey"
      "phase.prefill" = "sky"
      "phase.decode" = "amber"
      "phase.draft" = "sand"
      "phase.verify" = "cream"
      "phase.preempted" = "coral"
      "phase.swapped" = "clay"
      "phase.done" = "sage"
      "phase.failed" = { fg = "coral", bold = true }

      # blocks of key-value memory
      "kv.live" = "sky"
      "kv.shared" = "cream"
      "kv.cached" = "mist"
      "kv.free" = "dust"
      "kv.victim" = "orange"
      "kv.write" = { fg = "white", bold = true }
      "kv.moved" = "violet"
      "kv.pinned" = "butter"

      # speculation
      "spec.accepted" = "leaf"
      "spec.rejected" = "coral"
      "spec.bonus" = "cyan"
      "spec.unverified" = "grey"
      "spec.loss" = { fg = "coral", bold = true }

      # kernels and limits
      "hw.gemm" = "sky"
      "hw.attn.prefill" = "violet"
      "hw.attn.decode" = "amber"
      "hw.elementwise" = "mist"
      "hw.comm" = "rose"
      "hw.copy" = "sand"
      "hw.idle" = "dust"
      "hw.stall" = "coral"
      "roof.compute" = "leaf"
      "roof.memory" = "gold"

      # service levels
      "slo.met" = "leaf"
      "slo.risk" = "gold"
      "slo.missed" = { fg = "coral", bold = true }

      # comparison: orange and blue, never red and green
      "ab.a" = "orange"
      "ab.b" = "azure"
      "ab.a_better" = "orange"
      "ab.b_better" = "azure"
      "ab.same" = "grey"

      # Sixteen levels, least to most; fewer stops are spread and mixed in OKLab.
      [ramp.util]  # viridis from its fifth stop, for a dark ground
      stops = ["#39568c", "#31688e", "#2a788e", "#23888e", "#1f988b", "#22a884", "#35b779", "#54c568", "#7ad151", "#a5db36", "#d2e21b", "#fde725"]

      [ramp.occupancy]  # cividis from its fifth stop
      stops = ["#47516c", "#575d6d", "#666970", "#757575", "#848279", "#948e77", "#a59c74", "#b7a96e", "#c8b866", "#dbc75a", "#eed649", "#fee838"]

      [ramp.latency]  # calm to late
      stops = ["mist", "butter", "orange", "coral"]

      [ramp.age]  # fresh to old
      stops = ["white", "dust"]

      [ramp.heat]  # cold to hot
      stops = ["#875f87", "#af5f87", "#d75f5f", "#ff875f", "#ffd787"]

      [ramp.temperature]  # cool to warm
      stops = ["#5f87d7", "ink", "orange"]

      [ramp.power]  # little to much
      stops = ["#5f5f87", "#875fd7", "#d787d7", "#ffd7ff"]

      [ramp.diverging]  # A better, even, B better
      stops = ["orange", "#af875f", "grey", "#5f87af", "azure"]

      # One colour a request slot, in order: the first few are the furthest apart.
      # Found by search: contrast 3 or more, worst pair 6.6 CIEDE2000 under any colour vision.
      [requests]
      colours = [
        "#af00ff", "#00d787", "#d7afff", "#d70000", "#5f8787", "#ff8700",
        "#ffff5f", "#af5f5f", "#87afaf", "#d75fff", "#8787af", "#d7ffaf",
        "#ffd7d7", "#ffafd7", "#00af87", "#00ffff", "#af875f", "#875f87",
        "#5f5faf", "#ffd700", "#d75f00", "#afaf5f", "#d7d7af", "#d787d7",
      ]

      """#)
}
