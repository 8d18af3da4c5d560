import Console
import Core
import Host
import Screen
import Testing

@Suite("Frame")
struct FrameTests {
  @Test("at 120 columns the first rows say what runs, when we are, and how fast")
  func wideHeader() throws {
    var sample = ConsoleSample()
    #expect(
      sample.row(0)
        == " workbench  llama-3.1-8b · H200 (model) · burst-10m                    ‖ PAUSED   step    200   00:01.448   policy fcfs ")
    #expect(
      sample.row(1)
        == "[1 Overview] 2 KV  3 Hardware  4 Requests  5 Trace  6 Spec  7 Comp     seed 42 · ● rec ·      – steps/s · frame  0.9 ms ")
    try sample.type("2")
    #expect(
      sample.row(1)
        == " 1 Overview [2 KV] 3 Hardware  4 Requests  5 Trace  6 Spec  7 Comp     seed 42 · ● rec ·      – steps/s · frame  0.9 ms ")
  }

  @Test("while it runs the header says so, and the pulse shows steps per second")
  func live() {
    let sample = ConsoleSample(transport: .live)
    #expect(sample.row(0).contains("   ▶ LIVE ×1.0   step    200   00:01.448   policy fcfs "))
    #expect(sample.row(1).hasSuffix("seed 42 · ● rec ·  1,204 steps/s · frame  0.9 ms "))
    #expect(sample.row(-1).hasPrefix(" Space pause  , . step "))
  }

  @Test("in the past the header says how far behind the newest step it is")
  func past() {
    let sample = ConsoleSample(behind: 12, branches: 1)
    #expect(sample.row(0).contains("‖ PAUSED −12   step    188   "))
    #expect(sample.row(1).contains("1 old (u)"))
  }

  @Test("at 80 columns the header keeps state, step, time and policy, and the second row memory and misses")
  func narrowHeader() {
    let sample = ConsoleSample(Size(80, 24))
    #expect(sample.row(0) == " workbench  H200 (model) · burst-10m     ‖ PAUSED  step    200  00:01.448  fcfs ")
    #expect(sample.row(1).hasPrefix("[1 Over] 2 KV  3 Hw  4 Req  5 Trace "))
    #expect(sample.row(1).hasSuffix("  KV 99%  miss 8.3% of run "))
    #expect(sample.row(-1).hasPrefix(" Space run  , . step  p policy  "))
    #expect(sample.row(-1).contains("  : cmd  ? help"))
  }

  @Test("below 80 columns the policy goes, state and step stay")
  func smallHeader() {
    #expect(ConsoleSample(Size(60, 16)).row(0) == " workbench  burst-10m      ‖ PAUSED  step    200  00:01.448 ")
  }

  @Test("a name that does not fit is left out whole")
  func longName() {
    var label = ConsoleSample.label
    label.traceName = "a-very-long-name-of-a-trace-that-cannot-fit-beside-the-rest-of-it"
    let sample = ConsoleSample(Size(80, 24), label: label)
    #expect(sample.row(0).hasPrefix(" workbench         "))
  }

  @Test("below 60 × 16 a card says so and how large it must be")
  func card() {
    #expect(
      ConsoleSample(Size(46, 7)).frame.text == """
        ╭─ too small ────────────────────────────────╮
        │ now 46×7 · Overview needs 60×16            │
        │ enlarge the terminal                       │
        │ q quit  Space run  , . step                │
        │ (‖ PAUSED · 200)                           │
        ╰────────────────────────────────────────────╯
                                                      
        """)
  }

  @Test("the card takes Space , . and q, and nothing else")
  func cardKeys() throws {
    var sample = ConsoleSample(Size(46, 7))
    try sample.type("<space>,.")
    #expect(sample.effects == ["run", "step -1", "step 1"])
    try sample.type("p:?T2/")
    #expect(sample.effects.isEmpty)
    #expect(sample.state.dialog == nil && sample.state.view.page == 0)
    try sample.type("q")
    #expect(sample.effects == ["quit"])
  }

  @Test("every page draws at every size")
  func sizes() {
    var sample = ConsoleSample()
    for page in PageCatalogue.members.indices {
      for width in Array(stride(from: 1, through: 58, by: 7)) + Array(stride(from: 59, through: 200, by: 9)) + [80, 100, 120, 160] {
        for height in [1, 2, 3, 5, 8, 13, 15, 16, 17, 20, 24, 31, 38, 40, 45, 60] {
          _ = sample.state.update(.input(.resize(Size(width, height))))
          _ = sample.state.update(.input(.key(.character(Character(String(page + 1))))))
          let frame = sample.frame
          #expect(frame.width == width && frame.height == height)
        }
      }
    }
  }

  @Test("every dialog draws at every size")
  func dialogSizes() throws {
    for opening in ["p", "p<left>", ":", ":policy ", "?", "T", "e", "/abc"] {
      var sample = ConsoleSample()
      try sample.type(opening)
      for width in stride(from: 1, through: 160, by: 11) {
        for height in stride(from: 1, through: 50, by: 7) {
          _ = sample.state.update(.input(.resize(Size(width, height))))
          #expect(sample.frame.size == Size(width, height))
        }
      }
    }
  }

  @Test("a frame in ASCII holds nothing else")
  func ascii() throws {
    var sample = ConsoleSample()
    for page in PageCatalogue.members.indices {
      try sample.type(String(page + 1))
      for opening in ["", "p", ":", ":policy ", "?", "T", "e", "/chat", "z", "v", "<tab>", "<tab>z"] {
        try sample.type(opening)
        #expect(sample.frame.inASCII().text.unicodeScalars.allSatisfy { $0.isASCII }, "page \(page + 1) \(opening)")
        let unlike = sample.frame.text.unicodeScalars.filter { $0.value > 0x7f && Glyphs.ascii($0) == "?" }
        #expect(unlike.isEmpty, "page \(page + 1) \(opening)")
        try sample.type("<esc><esc>")
      }
    }
    sample = ConsoleSample()
    try sample.type("p")
    #expect(sample.frame.inASCII().row(0).hasSuffix("| PAUSED   step    200   00:01.448   policy fcfs "))
  }

  @Test("a still screen is the same canvas each time")
  func still() {
    let sample = ConsoleSample()
    #expect(sample.frame == sample.frame)
  }
}

extension Canvas {
  fileprivate func row(_ number: Int) -> String { text(ofRow: number) }
}
