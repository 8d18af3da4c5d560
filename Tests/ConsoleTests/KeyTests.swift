import Console
import Core
import Host
import Screen
import ServingEngine
import Testing

@Suite("Keys")
struct KeyTests {
  @Test("keys of time ask the engine")
  func time() throws {
    var sample = ConsoleSample()
    for (keys, effects) in [
      ("<space>", ["run"]), (".", ["step 1"]), (",", ["step -1"]), ("f", ["live"]), ("<gt>", ["pace 2.0"]),
      ("<lt>", ["pace 1/2"]),
    ] {
      try sample.type(keys)
      #expect(sample.effects == effects, "after \(keys)")
    }
    var live = ConsoleSample(transport: .live)
    try live.type("<space>")
    #expect(live.effects == ["pause"])
  }

  @Test("10. steps ten times and stays on its page; a lone digit is a page")
  func counts() throws {
    var sample = ConsoleSample()
    try sample.type("3")
    _ = sample.state.update(.waited(.seconds(1)))
    try sample.type("10")
    #expect(sample.sentence.hasPrefix(" 10 · then . , [ or ]"))
    try sample.type(".")
    #expect(sample.effects == ["step 10"] && sample.state.view.page == 2)
    try sample.type("025,")
    #expect(sample.effects == ["step -25"])
    try sample.type("0<esc>.")
    #expect(sample.effects == ["step 1"])
  }

  @Test("digits are a count when . , [ or ] comes at once, and pages after a moment")
  func loneDigits() throws {
    var sample = ConsoleSample()
    try sample.type("4")
    #expect(sample.state.view.page == 3)
    _ = sample.state.update(.waited(.seconds(1)))
    try sample.type("5,")
    #expect(sample.effects == ["step -5"] && sample.state.view.page == 3)
    try sample.type("2")
    _ = sample.state.update(.waited(.milliseconds(599)))
    try sample.type(".")
    #expect(sample.effects == ["step 2"] && sample.state.view.page == 3)
    try sample.type("2")
    for _ in 0..<6 { _ = sample.state.update(.waited(.milliseconds(100))) }
    try sample.type(".")
    #expect(sample.effects == ["step 1"] && sample.state.view.page == 1)
    try sample.type("12.")
    #expect(sample.effects == ["step 12"] && sample.state.view.page == 1)
    try sample.type("1j.")
    #expect(sample.effects == ["step 1"] && sample.state.view.page == 0)
  }

  @Test("] and [ go from event to event and say what happened")
  func events() throws {
    var sample = ConsoleSample(behind: 199)
    #expect(sample.state.snapshot.shown.step == 1)
    try sample.type("]")
    #expect(sample.effects.count == 1 && sample.effects[0].hasPrefix("seek "), "\(sample.effects)")
    #expect(!sample.sentence.contains("nothing here"))
    try sample.type("[")
    #expect(sample.effects.isEmpty)
    #expect(sample.sentence.hasPrefix(" no event comes before this step"))

    var newest = ConsoleSample()
    try newest.type("]")
    #expect(newest.sentence.hasPrefix(" this is the newest step"))
    try newest.type("[")
    #expect(newest.effects.count == 1)
  }

  @Test("a key that can do nothing now says why")
  func reasons() throws {
    for (keys, word) in [
      ("c", "no breakpoints yet"), ("C", "no breakpoints yet"), ("u", "no future was left behind"), ("'", "nothing is marked"),
      ("Q", "Q does nothing here"),
    ] {
      var sample = ConsoleSample()
      try sample.type(keys)
      #expect(sample.effects.isEmpty)
      #expect(sample.sentence.contains(word), "\(keys): \(sample.sentence)")
    }
    var first = ConsoleSample(steps: 0)
    try first.type(",")
    #expect(first.sentence.contains("this is step 0"))
  }

  @Test("marks: m with a letter, ' with the letter comes back")
  func marks() throws {
    var sample = ConsoleSample(behind: 50)
    try sample.type("ma")
    #expect(sample.sentence.hasPrefix(" step 150 is marked a"))
    try sample.type("'")
    #expect(sample.sentence.hasPrefix(" jump to which mark: a"))
    try sample.type("a")
    #expect(sample.effects == ["seek 150"])
    try sample.type("'z")
    #expect(sample.effects.isEmpty && sample.sentence.contains("nothing is marked z"))
  }

  @Test("the policy picker marks the present one, applies with Enter, and warns of a new future in the past")
  func policies() throws {
    var sample = ConsoleSample(behind: 12)
    try sample.type("p")
    #expect(sample.frame.text.contains("policy is fcfs already"))
    try sample.type("<down>")
    #expect(sample.frame.text.contains("policy fcfs → priority"))
    #expect(sample.frame.text.contains("! a new future from step 188; u returns to the old one"))
    try sample.type("<ret>")
    #expect(sample.effects == ["policy priority"])
    #expect(sample.state.dialog == nil)
    try sample.type("p<right>")
    #expect(sample.frame.text.contains("[prefill]"))
    try sample.type("512")
    #expect(sample.frame.text.contains("prefill chunked → chunked:512"))
    try sample.type("<ret>")
    #expect(sample.effects == ["prefill chunked:512"])
    try sample.type("p<right><right><right>")
    #expect(sample.frame.text.contains("[batching]"))
    try sample.type("<tab><tab><tab><tab><tab><tab><tab><tab><C-u>512<ret>")
    #expect(sample.effects == ["max-batched-tokens 512"])
  }

  @Test("what takes other GPUs is offered as a fork, and says why")
  func forks() throws {
    var sample = ConsoleSample()
    var snapshot = sample.state.snapshot
    snapshot.configuration = Configuration()
    _ = sample.state.update(.snapshot(snapshot))
    try sample.type(":replicas 2")
    #expect(sample.frame.text.contains("a run keeps its GPUs"))
    for (typed, effects) in [
      ("<ret>", ["fork replicas 2"]), (":tp 2<ret>", ["fork tp 2"]), (":device H100-SXM<ret>", ["fork device H100-SXM"]),
      (":placement disaggregated:1x1<ret>", ["fork placement disaggregated:1x1"]), (":fork tp 2 policy priority<ret>", ["fork tp 2 policy priority"]),
      ("xtp 4<ret>", ["fork tp 4"]),
    ] {
      try sample.type(typed)
      #expect(sample.effects == effects, "after \(typed): \(sample.sentence)")
    }
    try sample.type(":fork tp<ret>")
    #expect(sample.effects.isEmpty && sample.sentence.contains("in pairs"))
    try sample.type("<esc>p<left>")
    #expect(sample.frame.text.contains("[pp]"))
    try sample.type("<C-u>2")
    #expect(sample.frame.text.contains("! a fork from the trace's start up to now; u returns"))
    try sample.type("<ret>")
    #expect(sample.effects == ["fork pp 2"])

    var unknown = ConsoleSample()
    try unknown.type(":tp 2<ret>")
    #expect(unknown.effects.isEmpty && unknown.sentence.contains("cannot be forked"))
  }

  @Test("the command line completes, checks and runs")
  func commandLine() throws {
    for (typed, effects) in [
      (":policy chunked<ret>", ["policy chunked"]), (":max-batched-tokens 4096<ret>", ["max-batched-tokens 4096"]),
      (":mbt<ret>96<ret>", ["max-batched-tokens 96"]), (":chun<ret>", ["policy chunked"]), (":goto 17<ret>", ["seek 17"]), (":prefill chunked:512<ret>", ["prefill chunked:512"]),
      (":pace 4<ret>", ["pace 4.0"]), (":pace max<ret>", ["pace max"]), (":quit<ret>", ["quit"]),
      (":theme mono<ret>", ["remember mono"]), (":step 7<ret>", ["step 7"]), (":back 3<ret>", ["step -3"]),
      (":export svg<ret>", ["export svg workbench-burst-10m-step-200.svg"]),
      (":export csv my file.csv<ret>", ["export csv my file.csv"]),
      ("<C-p>theme m<tab><ret>", ["remember mono"]),
    ] {
      var sample = ConsoleSample()
      try sample.type(typed)
      #expect(sample.effects.filter { !$0.hasPrefix("list ") } == effects, "after \(typed)")
      #expect(sample.state.dialog == nil, "after \(typed)")
    }
    for (typed, reason) in [
      (":goto 999999<ret>", "the newest step is 200"), (":max-seqs 0<ret>", "a whole number from 1"),
      (":policy fcfs<ret>", "policy is fcfs already"), (":undo<ret>", "no future was left behind"),
      (":zzz<ret>", "there is no command zzz"), (":pace no<ret>", "a number above 0"),
    ] {
      var sample = ConsoleSample()
      try sample.type(typed)
      #expect(sample.effects.isEmpty, "after \(typed)")
      #expect(sample.sentence.contains(reason), "\(typed): \(sample.sentence)")
    }
    var sample = ConsoleSample()
    try sample.type(":page kv<ret>")
    #expect(sample.state.view.page == 1)
    try sample.type(":filter chat<ret>")
    #expect(sample.state.view.filter == "chat")
  }

  @Test("opening asks for files while a path is typed")
  func open() throws {
    var sample = ConsoleSample()
    try sample.type("<C-o>tr")
    #expect(sample.effects == ["list ", "list t", "list tr"])
    _ = sample.state.update(.files(["traces/azure.csv", "traces/mooncake.jsonl"]))
    #expect(sample.frame.text.contains("open traces/azure.csv"))
    try sample.type("az<tab><ret>")
    #expect(sample.effects.last == "open traces/azure.csv")
  }

  @Test("themes are tried while they are chosen, and Esc returns to the old one")
  func themes() throws {
    var sample = ConsoleSample()
    let before = sample.state.theme.name
    try sample.type("T<down>")
    #expect(sample.state.theme.name != before)
    try sample.type("<esc>")
    #expect(sample.state.theme.name == before)
    try sample.type("T<down><ret>")
    #expect(sample.state.theme.name != before)
  }

  @Test("the filter narrows while it is typed, stays as a chip, and Esc clears it")
  func filter() throws {
    var sample = ConsoleSample()
    try sample.type("/r2")
    #expect(sample.state.view.filter == "r2")
    try sample.type("<ret>")
    #expect(sample.sentence.contains(" filter r2 "))
    try sample.type("<esc>")
    #expect(sample.state.view.filter.isEmpty)
    try sample.type("/r2<esc>")
    #expect(sample.state.view.filter.isEmpty && sample.state.dialog == nil)
  }

  @Test("Esc leaves every dialog")
  func escape() throws {
    for opening in ["p", "p<left>", ":", ":policy ", ":zz", "?", "?abc", "T", "e", "/", "/x", "<C-o>", "<C-p>", "<F1>", "m"] {
      var sample = ConsoleSample()
      let before = sample.frame.text
      try sample.type(opening + "<esc>")
      #expect(sample.state.dialog == nil, "after \(opening)")
      #expect(sample.frame.text == before, "after \(opening)")
    }
  }

  @Test("? lists every key, and Enter runs the chosen one")
  func help() throws {
    for command in CommandCatalogue.all {
      for binding in command.keys {
        #expect(CommandCatalogue.markdown.contains("`\(binding.press.label)`"), "\(command.name) \(binding.press)")
      }
      #expect(!command.summary.isEmpty && !command.summary.hasSuffix("."))
      #expect(command.keys.isEmpty || CommandCatalogue.markdown.contains("`\(command.usage)`"))
    }
    var sample = ConsoleSample(Size(120, 60))
    try sample.type("?half the pace<ret>")
    #expect(sample.effects == ["pace 1/2"])
    try sample.type("?breakpoint")
    #expect(sample.frame.text.contains("nothing fits"))
    try sample.type("<esc>?return to the future<ret>")
    #expect(sample.sentence.contains("no future was left behind"))
  }

  @Test("every key of the registry does something or says why not")
  func reachable() throws {
    for command in CommandCatalogue.all {
      for binding in command.keys {
        var sample = ConsoleSample()
        _ = sample.state.update(.input(.key(binding.press)))
        #expect(!sample.sentence.contains("does nothing here; ?"), "\(command.name) \(binding.press)")
      }
    }
  }

  @Test("tabs and keys in the last row can be clicked; the wheel moves")
  func mouse() throws {
    var sample = ConsoleSample()
    try sample.type("<click 14,1>")
    #expect(sample.state.view.page == 1)
    try sample.type("<click 3,39>")
    #expect(sample.effects == ["run"])
    try sample.type("p<click 1,5>")
    #expect(sample.state.dialog == nil)
    try sample.type(":<wheeldown 60,20><wheeldown 60,20><ret>")
    #expect(sample.effects == ["step 1"])
  }

  @Test("pasted text is text in a prompt, and nothing elsewhere")
  func paste() throws {
    var sample = ConsoleSample()
    try sample.type("<paste qqq>")
    #expect(sample.effects.isEmpty && sample.state.dialog == nil)
    try sample.type(":<paste goto 5><ret>")
    #expect(sample.effects == ["seek 5"])
  }

  @Test("the picture that is exported has no dialog in it")
  func export() throws {
    var sample = ConsoleSample()
    try sample.type(":export text")
    guard case .export(let request)? = sample.state.update(.input(.key(KeyPress(.enter)))).first else {
      Issue.record("no export")
      return
    }
    #expect(request.fileName == "workbench-burst-10m-step-200.txt" && !request.isNamed)
    #expect(request.content?.contains("━ command ━") == false)
    #expect(request.content?.contains("step    200") == true)
    _ = sample.state.update(.told("wrote /tmp/a.txt", isError: false))
    #expect(sample.sentence.hasPrefix(" wrote /tmp/a.txt"))
  }

  @Test("a notice of the engine is shown until the next key")
  func notices() throws {
    var sample = ConsoleSample()
    var snapshot = sample.state.snapshot
    snapshot.notice = Snapshot.Notice(sentence: "policy → chunked at step 200", isError: false, number: 1)
    _ = sample.state.update(.snapshot(snapshot))
    #expect(sample.sentence.hasPrefix(" policy → chunked at step 200"))
    try sample.type("l")
    _ = sample.state.update(.snapshot(snapshot))
    #expect(!sample.sentence.contains("chunked"))
  }

  @Test("a thousand random keys do no harm, and q still leaves", arguments: [1, 2, 3, 4, 5] as [UInt64])
  func storm(seed: UInt64) throws {
    var random = SplitMix(seed: seed, purpose: "keys")
    var sample = ConsoleSample(seed % 2 == 0 ? Size(80, 24) : Size(120, 40), behind: Int(seed) * 7)
    let named: [KeyPress] = [
      KeyPress(.enter), KeyPress(.escape), KeyPress(.tab), KeyPress(.tab, .shift), KeyPress(.up), KeyPress(.down),
      KeyPress(.left), KeyPress(.right), KeyPress(.home), KeyPress(.end), KeyPress(.pageUp), KeyPress(.pageDown),
      KeyPress(.backspace), KeyPress(.delete), .control("p"), .control("u"), .control("w"), .control("o"), KeyPress(.function(1)),
    ]
    for number in 0..<1_000 {
      let event: InputEvent
      switch random.below(12) {
      case 0: event = .mouse(MouseEvent(random.below(4) == 0 ? .wheelDown : .press(.left), at: Point(random.below(130), random.below(45))))
      case 1: event = .resize(Size(1 + random.below(160), 1 + random.below(50)))
      case 2: event = .paste("e\u{301}漢 \u{1b}x")
      case 3...6: event = .key(named[random.below(named.count)])
      default: event = .key(.character(Character(Unicode.Scalar(UInt8(32 + random.below(95))))))
      }
      _ = sample.state.update(.input(event))
      if number % 10 == 0 { _ = sample.frame }
    }
    _ = sample.state.update(.input(.resize(Size(120, 40))))
    try sample.type("<esc><esc><esc>q")
    #expect(sample.effects.last == "quit", "seed \(seed)")
  }
}
