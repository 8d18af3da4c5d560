extension BuiltInTheme {
  /// The text of `themes/workbench-light.toml`, letter for letter; a test holds them equal.
  public static let light = BuiltInTheme(
    name: "workbench-light",
    text: #"""
      # workbench-light: dark ink for a light terminal. The same roles as workbench-dark.

      [meta]
      name = "workbench-light"
      variant = "light"
      license = "MIT"
      author = "the workbench authors"
      # The terminal keeps its own ground; true fills the screen with bg.
      paints_background = false

      # All of xterm's fixed 256 colours: what is written here is what is shown.
      [palette]
      ink = "#303030"  # 236
      black = "#000000"  # 16
      grey = "#626262"  # 241
      dust = "#808080"  # 244
      paper = "#ffffff"  # 231
      cream = "#eeeeee"  # 255
      stone = "#dadada"  # 253
      iron = "#c6c6c6"  # 251
      straw = "#ffffaf"  # 229
      sky = "#005faf"  # 25
      cyan = "#0087af"  # 31
      teal = "#008787"  # 30
      mist = "#5f8787"  # 66
      leaf = "#008700"  # 28
      sage = "#5f875f"  # 65
      gold = "#875f00"  # 94
      sand = "#875f5f"  # 95
      amber = "#af5f00"  # 130
      orange = "#d75f00"  # 166
      azure = "#005fd7"  # 26
      violet = "#8700af"  # 91
      rose = "#af5f87"  # 132
      coral = "#d70000"  # 160
      clay = "#875f5f"  # 95

      [roles]
      # surface: only used as grounds
      bg = "paper"
      "bg.panel" = "paper"
      "bg.raised" = "cream"
      "bg.selection" = "stone"
      "bg.cursor" = "iron"
      "bg.search" = "straw"

      # text
      fg = "ink"
      "fg.muted" = "grey"
      "fg.faint" = "dust"
      "fg.strong" = { fg = "black", bold = true }
      "fg.inverse" = "paper"
      "fg.link" = "sky"
      "fg.key" = "amber"
      "fg.number" = "ink"
      "fg.unit" = "grey"

      # frame
      border = "dust"
      "border.focus" = "sky"
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
      "time.playhead" = { fg = "black", bold = true }
      "time.mark" = "cyan"
      "time.break" = "coral"
      "time.future" = "dust"

      # phases of a request: reading is cool, writing is warm
      "phase.queued" = "grey"
      "phase.prefill" = "azure"
      "phase.decode" = "amber"
      "phase.draft" = "sand"
      "phase.verify" = "teal"
      "phase.preempted" = "coral"
      "phase.swapped" = "clay"
      "phase.done" = "sage"
      "phase.failed" = { fg = "coral", bold = true }

      # blocks of key-value memory
      "kv.live" = "azure"
      "kv.shared" = "teal"
      "kv.cached" = "mist"
      "kv.free" = "dust"
      "kv.victim" = "orange"
      "kv.write" = { fg = "black", bold = true }
      "kv.moved" = "violet"
      "kv.pinned" = "amber"

      # speculation
      "spec.accepted" = "leaf"
      "spec.rejected" = "coral"
      "spec.bonus" = "cyan"
      "spec.unverified" = "grey"
      "spec.loss" = { fg = "coral", bold = true }

      # kernels and limits
      "hw.gemm" = "azure"
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
      [ramp.util]  # viridis to its twelfth stop, backwards, for a light ground
      stops = ["#54c568", "#35b779", "#22a884", "#1f988b", "#23888e", "#2a788e", "#31688e", "#39568c", "#414487", "#472f7d", "#481a6c", "#440154"]

      [ramp.occupancy]  # cividis to its twelfth stop, backwards
      stops = ["#b7a96e", "#a59c74", "#948e77", "#848279", "#757575", "#666970", "#575d6d", "#47516c", "#35456c", "#1e3a6f", "#002e6c", "#00224e"]

      [ramp.latency]  # calm to late
      stops = ["mist", "gold", "orange", "coral"]

      [ramp.age]  # fresh to old
      stops = ["black", "dust"]

      [ramp.heat]  # cold to hot
      stops = ["#af87af", "#d75f87", "#af0000", "#5f0000"]

      [ramp.temperature]  # cool to warm
      stops = ["azure", "grey", "orange"]

      [ramp.power]  # little to much
      stops = ["#af87d7", "#8700d7", "#5f005f"]

      [ramp.diverging]  # A better, even, B better
      stops = ["orange", "#af875f", "grey", "#5f87af", "azure"]

      # One colour a request slot, in order: the first few are the furthest apart.
      # Found by search: contrast 3 or more on white, worst pair 5.6 CIEDE2000 under any colour vision.
      [requests]
      colours = [
        "#875f00", "#0087ff", "#000087", "#005f5f", "#5f0000", "#af8787",
        "#5f00ff", "#d75faf", "#af005f", "#af00af", "#5f875f", "#008787",
        "#870087", "#5f5f87", "#870000", "#5f005f", "#ff005f", "#af5f87",
        "#af8700", "#005fd7", "#ff00ff", "#d70000", "#8787d7", "#0000d7",
      ]

      """#)
}
