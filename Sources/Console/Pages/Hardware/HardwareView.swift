import Core

/// What the viewer has chosen on the page Hardware.
public struct HardwareView: Sendable, Equatable {
  /// A moment within a step. It counts for that step only: any other starts at its heaviest kernel.
  struct Cursor: Sendable, Equatable {
    var step: StepIndex
    /// Since the start of the step.
    var time: EngineTime
    /// Of the streams that run side by side, the one that is looked at.
    var stream = 0
  }

  /// What the cells of the SM grid show.
  enum Shading: CaseIterable, Sendable {
    /// Who has work at the cursor, and for how much of the kernel.
    case busy
    /// What keeps the kernel at the cursor from being faster.
    case bound
    /// How much of the step each SM has work.
    case step
  }

  enum Order: CaseIterable, Sendable {
    case time, launches, roof, layer
  }

  var cursor: Cursor?
  var shading = Shading.busy
  var order = Order.time
  var isReversed = false
  /// Milliseconds that the lanes of several instances show.
  var laneMilliseconds = 1_000
  /// The part of the step that the timeline shows.
  var window = TimeWindow()

  public init() {}
}
