import Core
import Hardware
import Host
import Screen
import ServingEngine
import Testing

@testable import Console

@Suite("HardwarePage: one step, one cursor")
struct HardwarePageTests {
  @Test("the kernels and the rest add up to the step, to the nanosecond; the rest is the host's time")
  func sum() throws {
    for steps in [1, 2, 7, 12, 40, 90] {
      let anatomy = try #require(StepAnatomy(HardwareSample.modelled(steps: steps).shown))
      #expect(anatomy.groups.reduce(.zero) { $0 + $1.time } + anatomy.rest == anatomy.duration)
      #expect(anatomy.groups.reduce(0) { $0 + $1.launches } == anatomy.kernels.count)
      #expect(anatomy.rest == (anatomy.kernels.first?.start ?? .zero))
      #expect(anatomy.kernels.isEmpty || anatomy.rest > ModelledGPU.defaultHostTime)
    }
  }

  @Test("the table says so too: its milliseconds and per cents are the step's, within their rounding")
  func table() throws {
    let moment = try #require(HardwareMoment(HardwareSample.scene(HardwareSample.modelled(steps: 12))))
    let rows = KernelTable(moment: moment).table(height: 40).rows
    let milliseconds = rows.compactMap { Double($0[3].text.filter { $0 != " " }) }
    let shares = rows.compactMap { Double($0[4].text.filter { $0 != " " }) }
    #expect(milliseconds.count == rows.count)
    #expect(abs(milliseconds.reduce(0, +) - moment.anatomy.duration.milliseconds) < 0.005 * Double(rows.count))
    #expect(abs(shares.reduce(0, +) - 100) < 0.05 * Double(rows.count))
  }

  @Test("a new step starts at the middle launch of its heaviest kind; a cursor counts for its step only")
  func start() throws {
    let snapshot = try HardwareSample.modelled(steps: 12)
    let moment = try #require(HardwareMoment(HardwareSample.scene(snapshot)))
    let running = try #require(moment.running)
    #expect(running.kind == .gateUp)
    #expect(running.layer == 16)
    #expect(moment.time == running.middle)
    let stale = HardwareSample.scene(snapshot) { $0.hardware.cursor = .init(step: 3, time: .zero) }
    #expect(HardwareMoment(stale)?.time == moment.time)
    let here = HardwareSample.scene(snapshot) { $0.hardware.cursor = .init(step: 11, time: .microseconds(100)) }
    #expect(HardwareMoment(here)?.running == nil)
  }

  @Test("in the timeline . and , go from kernel to kernel and stop at the ends; elsewhere they are left to step")
  func playhead() throws {
    let snapshot = try HardwareSample.modelled(steps: 12)
    var view = HardwareSample.scene(snapshot, focus: .timeline).view
    func index() throws -> Int { try #require(HardwareMoment(Scene(snapshot: snapshot, view: view))?.kernel) }
    func press(_ key: String) throws -> Reaction {
      let reaction = HardwarePage().press(.character(Character(key)), Scene(snapshot: snapshot, view: view), in: Rect(0, 0, 120, 36))
      view = try #require(reaction).view
      return try #require(reaction)
    }
    let start = try index()
    _ = try press(".")
    #expect(try index() == start + 1)
    _ = try press(",")
    _ = try press(",")
    #expect(try index() == start - 1)
    _ = try press("G")
    let last = try index()
    #expect(try press(".").notice == "the last kernel of the step")
    #expect(try index() == last)
    _ = try press("g")
    #expect(try index() == 0)
    // Before the first kernel the host works; from there the next kernel is the first.
    view.hardware.cursor?.time = .zero
    #expect(try press(",").notice == "the first kernel of the step")
    _ = try press(".")
    #expect(try index() == 0)

    for focus in [HardwarePanel.grid, .roofline, .kernels, .meters] {
      let scene = HardwareSample.scene(snapshot, focus: focus)
      for key in [",", ".", "a", "d", "w", "s"] {
        #expect(HardwarePage().press(.character(Character(key)), scene, in: Rect(0, 0, 120, 36)) == nil)
      }
    }
  }

  @Test("j and k in the table go to the nearest launch of the next kind; a click does the same")
  func kinds() throws {
    let snapshot = try HardwareSample.modelled(steps: 12)
    let scene = HardwareSample.scene(snapshot, focus: .kernels)
    let area = Rect(0, 0, 120, 36)
    let ordered = try #require(HardwareMoment(scene)).ordered
    let down = try #require(HardwarePage().press(.character("j"), scene, in: area)).view
    let moment = try #require(HardwareMoment(Scene(snapshot: snapshot, view: down)))
    #expect(moment.running?.kind == ordered[1].kind)
    #expect(moment.running?.layer == 16)

    let place = try #require(HardwarePage.places(in: area, focus: .kernels, isZoomed: false).first { $0.panel == .kernels }).area
    let clicked = try #require(HardwarePage().click(Point(place.left + 4, place.top + 2 + 3), scene, in: area)).view
    #expect(HardwareMoment(Scene(snapshot: snapshot, view: clicked))?.running?.kind == ordered[3].kind)
  }

  @Test("a click on the timeline puts the cursor there and gives it the focus; zooming keeps it in sight")
  func click() throws {
    let snapshot = try HardwareSample.modelled(steps: 12)
    let area = Rect(0, 2, 120, 36)
    let place = try #require(HardwarePage.places(in: area, focus: .grid, isZoomed: false).first { $0.panel == .timeline }).area
    let plot = StepTimeline.plot(in: place)
    var view = try #require(
      HardwarePage().click(Point(plot.left + 30, plot.top), HardwareSample.scene(snapshot), in: area)).view
    #expect(HardwarePanel(view) == .timeline)
    let time = try #require(view.hardware.cursor).time
    for key in "wwwwwwdahl" {
      view = try #require(HardwarePage().press(.character(key), Scene(snapshot: snapshot, view: view), in: area)).view
    }
    let end = try #require(HardwareMoment(Scene(snapshot: snapshot, view: view))).anatomy.end
    #expect(view.hardware.window.zoom == 6)
    #expect(view.hardware.window.axis(of: end, columns: 100).column(of: time) != nil)
    #expect(view.hardware.cursor?.time == time)
  }

  @Test("placed by the engine, both lanes have their row and their SMs; the kernels of a step lie within it and repeat")
  func lanes() throws {
    let snapshot = try HardwareSample.placed("split-static:60", steps: 6)
    let anatomy = try #require(StepAnatomy(snapshot.shown))
    #expect(anatomy.sharesSMs && anatomy.kernels.contains { $0.stream == 0 } && anatomy.kernels.contains { $0.stream == 1 })
    for kernel in anatomy.kernels {
      #expect(kernel.start >= .zero && kernel.start + kernel.duration <= anatomy.duration)
      #expect(kernel.share == (kernel.stream == 0 ? 0..<80 : 80..<132))
    }
    #expect(snapshot.shown.engine.kernels(of: try #require(snapshot.shown.last)) == anatomy.kernels)
    // A kernel that is cut where the step ends has its work by the part of its time, whatever it was slowed in that.
    let bytes = anatomy.kernels.reduce(0) { $0 + $1.bytes }
    #expect(abs(bytes / anatomy.cost.bytes - 1) < 2e-2, "\(bytes) \(anatomy.cost.bytes)")
    let frame = HardwareSample.picture(HardwareSample.scene(snapshot), 120, 36)
    #expect(frame.contains("s0 80 SM") && frame.contains("s1 52 SM"), "\n\(frame)")
  }

  @Test("the stages of a pipeline are lanes, each with the SMs of its own GPUs")
  func stages() throws {
    let snapshot = try HardwareSample.placed("", steps: 8, stages: 3, lanes: 3)
    let anatomy = try #require(StepAnatomy(snapshot.shown))
    #expect(anatomy.streams.count == 3 && !anatomy.sharesSMs)
    for kernel in anatomy.kernels { #expect(kernel.start + kernel.duration <= anatomy.duration) }
    let frame = HardwareSample.picture(HardwareSample.scene(snapshot), 120, 36)
    #expect(frame.contains("SM grid of stage") && frame.contains("s2 "), "\n\(frame)")
  }

  @Test("as many cells of the grid hold the kernel's letter as SMs work: fewer in the tail wave")
  func grid() throws {
    let snapshot = try HardwareSample.modelled(steps: 12)
    let running = try #require(HardwareMoment(HardwareSample.scene(snapshot))?.running)
    #expect(running.waves > 1)
    #expect(running.tailSMs < running.activeSMs)
    let late = EngineTime(nanoseconds: running.end.nanoseconds - 1)
    for (time, expected) in [(running.start, running.activeSMs), (late, running.tailSMs)] {
      let picture = HardwareSample.picture(HardwareSample.scene(snapshot) { $0.hardware.cursor = .init(step: 11, time: time) }, 120, 36)
      let cells = picture.split(separator: "\n")[2..<13].map { $0.prefix(58) }.joined()
      #expect(cells.count { $0 == "g" } == expected)
      #expect(cells.count { $0 == "·" } == 132 - expected)
    }
  }

  @Test("two streams: kernels are walked in order of start, each at its own stream's middle; the grid holds the SMs of both")
  func streams() throws {
    let snapshot = try HardwareSample.split(steps: 12)
    var view = HardwareSample.scene(snapshot, focus: .timeline).view
    func moment() throws -> HardwareMoment { try #require(HardwareMoment(Scene(snapshot: snapshot, view: view))) }
    func press(_ key: Character) throws {
      view = try #require(HardwarePage().press(.character(key), Scene(snapshot: snapshot, view: view), in: Rect(0, 0, 120, 36))).view
    }
    let anatomy = try moment().anatomy
    #expect(anatomy.streams.count == 2 && anatomy.streams.map(\.count).reduce(0, +) == anatomy.kernels.count)
    #expect(anatomy.end == anatomy.duration)
    try press("g")
    for index in 0..<60 {
      let moment = try moment()
      #expect(moment.kernel == index)
      #expect(moment.time == anatomy.kernels[index].middle)
      let shares = SMGrid(moment: moment).sharesOfStep(132)
      if index % 20 == 0 {
        for number in [0, 40, 87, 88, 131] {
          let time = anatomy.kernels.reduce(0) { $0 + Double($1.duration.nanoseconds) * $1.share(ofSM: number) }
          #expect(abs(shares[number] - time / Double(anatomy.end.nanoseconds)) < 1e-9)
        }
        let working = moment.side.reduce(0) { $0 + $1.workingSMs(wave: $1.wave(at: moment.time)) }
        let picture = HardwareSample.picture(Scene(snapshot: snapshot, view: view), 120, 36)
        let cells = picture.split(separator: "\n")[2..<13].map { $0.prefix(58) }.joined()
        #expect(cells.count { $0 == "·" } == 132 - working)
      }
      try press(".")
    }
  }

  @Test("every SM gets a cell, whatever their number and the room")
  func shapes() {
    for count in [1, 2, 30, 82, 84, 108, 114, 128, 132, 142, 148, 160, 188, 304] {
      for width in stride(from: 30, through: 150, by: 7) {
        for height in 4...30 {
          let shape = SMGrid.shape(count, in: Size(width, height))
          #expect(shape.columns * shape.rows >= count)
          #expect((shape.rows - 1) * shape.columns < count)
          if shape.cell > 1 {
            #expect(shape.labelWidth + shape.columns * shape.cell <= width)
            #expect(shape.rows + (shape.hasHeader ? 1 : 0) <= height)
          }
        }
      }
    }
    #expect(SMGrid.shape(132, in: Size(56, 12)) == .init(columns: 12, rows: 11, cell: 4, hasLabels: true, hasHeader: true))
  }

  @Test("the share of the step in which an SM works is the sum over the kernels, SM by SM")
  func shares() throws {
    let moment = try #require(HardwareMoment(HardwareSample.scene(HardwareSample.modelled(steps: 12))))
    let shares = SMGrid(moment: moment).sharesOfStep(132)
    for number in 0..<132 {
      let time = moment.anatomy.kernels.reduce(0) { $0 + Double($1.duration.nanoseconds) * $1.share(ofSM: number) }
      #expect(abs(shares[number] - time / Double(moment.anatomy.end.nanoseconds)) < 1e-9)
    }
  }

  @Test("the roofline has a letter for each kind with FLOPs and no other; traffic between GPUs has no roof")
  func roofline() throws {
    for model in ["llama-3.1-8b", "mixtral-8x7b"] {
      let scene = HardwareSample.scene(try HardwareSample.modelled(steps: 12, model: model, tensorParallel: 4), focus: .roofline) { $0.isZoomed = true }
      let anatomy = try #require(StepAnatomy(scene.run))
      let rows = HardwareSample.picture(scene, 100, 30).split(separator: "\n")[1..<26].map { Array($0.dropFirst(9)) }
      for group in anatomy.groups {
        let place = rows.firstIndex { $0.contains(group.kind.letter) }
        #expect((place != nil) == (group.intensity != nil), "\(model) \(group.kind)")
        let fraction = anatomy.roof?.fraction(group.kind, operations: group.operations, bytes: group.bytes, time: group.time)
        if group.kind == .allReduce { #expect(fraction == nil) }
      }
    }
  }

  @Test("any size, focus and shading draws inside its area, with and without kernels")
  func sizes() throws {
    let snapshots = try [SampleRun.snapshot(steps: 0), SampleRun.snapshot(steps: 18), HardwareSample.modelled(steps: 12), HardwareSample.sideBySide(steps: 12)]
    for snapshot in snapshots {
      for panel in HardwarePanel.allCases {
        for width in [0, 1, 2, 13, 40, 60, 80, 100, 120, 161] {
          for height in [0, 1, 2, 3, 8, 12, 18, 30, 36, 51] {
            let scene = HardwareSample.scene(snapshot, focus: panel) {
              $0.isZoomed = (width + height) % 2 == 0
              $0.hardware.shading = [.busy, .bound, .step][height % 3]
            }
            var canvas = Canvas(width + 4, height + 4, filledWith: Cell("?"))
            HardwarePage().draw(scene, in: Rect(2, 2, width, height), on: &canvas)
            #expect(canvas.isUntouched(outside: Rect(2, 2, width, height)), "\(panel) \(width) × \(height)")
          }
        }
      }
    }
  }

  @Test("every glyph has a likeness in ASCII")
  func ascii() throws {
    for shading in HardwareView.Shading.allCases {
      let scene = HardwareSample.scene(try HardwareSample.modelled(steps: 12)) { $0.hardware.shading = shading }
      var canvas = Canvas(120, 36)
      HardwarePage().draw(scene, in: canvas.area, on: &canvas)
      #expect(!canvas.inASCII().text.contains("?"))
    }
  }

  @Test("the sentence states the kernel at the cursor")
  func sentence() throws {
    let scene = HardwareSample.scene(SampleRun.snapshot(steps: 18))
    #expect(
      HardwarePage().sentence(scene).text
        == "gemm gate_up L2 · 132 SM · 1.1 ms · 5.22 k FLOP/B · 4.97 PF/s · tail wave 62% full · bound by compute")
    #expect(HardwarePage().sentence(HardwareSample.scene(SampleRun.snapshot(steps: 0))).text == "no step has been taken yet")
  }
}
