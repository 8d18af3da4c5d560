extension BuiltInTheme {
  /// The text of `themes/colorblind.toml`, letter for letter; a test holds them equal.
  public static let colorblind = BuiltInTheme(
    name: "colorblind",
    text: #"""
      # colorblind: blue against orange, light against dark; no meaning hangs on red or green.
      #
      # States keep their words and glyphs, as everywhere; here the colours agree with them
      # under protan, deutan and tritan vision.

      [meta]
      name = "colorblind"
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
      navy = "#005f87"  # 24
      sky = "#5fafff"  # 75
      azure = "#00afff"  # 39
      ice = "#afd7ff"  # 153
      mist = "#87afaf"  # 109
      yellow = "#ffff5f"  # 227
      cream = "#ffffd7"  # 230
      sand = "#d7af87"  # 180
      amber = "#ffaf00"  # 214
      orange = "#ff8700"  # 208
      rust = "#d75f00"  # 166

      [roles]
      # surface: only used as grounds
      bg = "coal"
      "bg.panel" = "coal"
      "bg.raised" = "slate"
      "bg.selection" = "stone"
      "bg.cursor" = "iron"
      "bg.search" = "navy"

      # text
      fg = "ink"
      "fg.muted" = "grey"
      "fg.faint" = "dust"
      "fg.strong" = { fg = "white", bold = true }
      "fg.inverse" = "coal"
      "fg.link" = "sky"
      "fg.key" = "yellow"
      "fg.number" = "ink"
      "fg.unit" = "grey"

      # frame
      border = "dust"
      "border.focus" = "azure"
      "border.title" = "ink"
      "border.badge" = "grey"
      separator = "dust"

      # state: modelled and measured say where a figure comes from
      ok = "sky"
      warn = "yellow"
      alert = { fg = "orange", bold = true }
      info = "ice"
      disabled = "dust"
      stale = "sand"
      modelled = "ice"
      measured = "sky"

      # time
      "time.live" = { fg = "sky", bold = true }
      "time.paused" = { fg = "yellow", bold = true }
      "time.replay" = { fg = "ice", bold = true }
      "time.playhead" = { fg = "white", bold = true }
      "time.mark" = "azure"
      "time.break" = "orange"
      "time.future" = "dust"

      # phases of a request: reading is cool, writing is warm
      "phase.queued" = "grey"
      "phase.prefill" = "azure"
      "phase.decode" = "amber"
      "phase.draft" = "sand"
      "phase.verify" = "cream"
      "phase.preempted" = "rust"
      "phase.swapped" = "mist"
      "phase.done" = "ice"
      "phase.failed" = { fg = "rust", bold = true }

      # blocks of key-value memory
      "kv.live" = "azure"
      "kv.shared" = "cream"
      "kv.cached" = "mist"
      "kv.free" = "dust"
      "kv.victim" = "orange"
      "kv.write" = { fg = "white", bold = true }
      "kv.moved" = "yellow"
      "kv.pinned" = "sand"

      # speculation
      "spec.accepted" = "sky"
      "spec.rejected" = "orange"
      "spec.bonus" = "ice"
      "spec.unverified" = "grey"
      "spec.loss" = { fg = "orange", bold = true }

      # kernels and limits
      "hw.gemm" = "azure"
      "hw.attn.prefill" = "ice"
      "hw.attn.decode" = "amber"
      "hw.elementwise" = "mist"
      "hw.comm" = "yellow"
      "hw.copy" = "sand"
      "hw.idle" = "dust"
      "hw.stall" = "rust"
      "roof.compute" = "azure"
      "roof.memory" = "amber"

      # service levels
      "slo.met" = "sky"
      "slo.risk" = "yellow"
      "slo.missed" = { fg = "orange", bold = true }

      # comparison: orange and blue, never red and green
      "ab.a" = "orange"
      "ab.b" = "azure"
      "ab.a_better" = "orange"
      "ab.b_better" = "azure"
      "ab.same" = "grey"

      # Sixteen levels, least to most; fewer stops are spread and mixed in OKLab.
      [ramp.util]  # cividis, made for colour-vision deficiency, from its fifth stop
      stops = ["#47516c", "#575d6d", "#666970", "#757575", "#848279", "#948e77", "#a59c74", "#b7a96e", "#c8b866", "#dbc75a", "#eed649", "#fee838"]

      [ramp.occupancy]  # cividis
      stops = ["#47516c", "#575d6d", "#666970", "#757575", "#848279", "#948e77", "#a59c74", "#b7a96e", "#c8b866", "#dbc75a", "#eed649", "#fee838"]

      [ramp.latency]  # cividis: only lightness counts
      stops = ["#47516c", "#575d6d", "#666970", "#757575", "#848279", "#948e77", "#a59c74", "#b7a96e", "#c8b866", "#dbc75a", "#eed649", "#fee838"]

      [ramp.age]  # fresh to old
      stops = ["white", "dust"]

      [ramp.heat]  # cividis
      stops = ["#47516c", "#575d6d", "#666970", "#757575", "#848279", "#948e77", "#a59c74", "#b7a96e", "#c8b866", "#dbc75a", "#eed649", "#fee838"]

      [ramp.temperature]  # cool to warm
      stops = ["azure", "grey", "orange"]

      [ramp.power]  # cividis
      stops = ["#47516c", "#575d6d", "#666970", "#757575", "#848279", "#948e77", "#a59c74", "#b7a96e", "#c8b866", "#dbc75a", "#eed649", "#fee838"]

      [ramp.diverging]  # A better, even, B better
      stops = ["orange", "#af875f", "grey", "#5f87af", "azure"]

      # Twelve colours, then the same twelve underlined: colour and texture together tell 24.
      # Found by search: contrast 3 or more, worst pair 11.9 CIEDE2000 under any colour vision.
      [requests]
      colours = [
        "#af00d7", "#d7ff5f",
        "#d70000", "#00d7ff",
        "#d7af87", "#875f5f",
        "#8787ff", "#ff0087",
        "#afaf00", "#ffffd7",
        "#af87af", "#d7ffff",
        { fg = "#af00d7", underline = true }, { fg = "#d7ff5f", underline = true },
        { fg = "#d70000", underline = true }, { fg = "#00d7ff", underline = true },
        { fg = "#d7af87", underline = true }, { fg = "#875f5f", underline = true },
        { fg = "#8787ff", underline = true }, { fg = "#ff0087", underline = true },
        { fg = "#afaf00", underline = true }, { fg = "#ffffd7", underline = true },
        { fg = "#af87af", underline = true }, { fg = "#d7ffff", underline = true },
      ]

      """#)
}
