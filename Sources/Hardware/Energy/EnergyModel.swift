/// Power of a GPU by what it does, for the sake of an order of magnitude: joules are modelled, never measured.
///
///     power = limit · min(1, awake + busy · SMs + tensor · peak share + memory · bandwidth share) + link
///
/// All four are parts of the board's power limit; each kernel is taken by itself, so a large product that
/// would pass the limit is cut there, while the next small kernel is not.
///
/// What is known of the error: the model knows nothing of clocks, voltages and data, and boards at one load differ
/// by more than 10 %. `error` says what it came to on the measurements behind it.
public struct EnergyModel: Equatable, Sendable {
  /// Watts.
  public var limit: Double
  /// Parts of `limit`: clocks running and context loaded; all SMs busy; tensor cores at peak; memory at full bandwidth.
  public var awake: Double
  public var busy: Double
  public var tensor: Double
  public var memory: Double
  /// Joules for each byte over a link between GPUs.
  public var joulesPerLinkByte: Double
  /// Where the constants come from.
  public var source: String
  /// Mean absolute error of power where activity was known, as a fraction; nil where nothing was measured.
  public var error: Double?

  /// Nil where there is no statement to make: nothing in our sources relates AMD's GPUs to power.
  public init?(_ accelerator: Accelerator) {
    limit = accelerator.power
    // 10 pJ for each bit across a board: Arunkumar et al. 2017, "MCM-GPU", ISCA, table 2.
    joulesPerLinkByte = 80e-12
    switch accelerator.architecture {
    case .cdna3: return nil
    case .blackwell, .blackwellUltra:
      // Least squares over attention and expert kernels, a part held out; the term for bandwidth came out as 0,
      // as what streams also keeps SMs busy.
      (awake, busy, tensor, memory) = (0.285, 0.307, 1.0, 0)
      let isMeasured = accelerator.name == "B200-SXM"
      source = "board power of 1,267 kernels on B200 (aiconfigurator)" + (isMeasured ? "" : "; carried over by share of the limit")
      error = isMeasured ? 0.25 : nil
    case .ampere, .ada, .hopper, .blackwellRTX:
      // Two loads with one sequence: 8 GPUs (a fifth of the bandwidth) draw 0.435, 2 GPUs (63 %) 0.736; prompts draw the limit.
      (awake, busy, tensor, memory) = (0.30, 0, 1.0, 0.69)
      let isMeasured = accelerator.name.hasPrefix("A100-SXM-80")
      source =
        "average power of Llama-2-70B on A100 (splitwise)"
        + (isMeasured ? "" : "; carried over by share of the limit, not measured on this GPU")
      error = isMeasured ? 0.03 : nil
    }
  }

  /// Watts of one GPU while its parts are busy for these fractions.
  ///
  /// - Parameter link: Bytes per second between GPUs.
  public func watts(sm: Double = 0, tensor tensorBusy: Double = 0, memory bandwidthBusy: Double = 0, link: Double = 0) -> Double {
    let share = awake + busy * sm + tensor * tensorBusy + memory * bandwidthBusy
    return min(limit, limit * share + joulesPerLinkByte * link)
  }
}
