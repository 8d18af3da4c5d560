import Analysis
import Core
import Hardware
import ServingEngine

/// Clusters that read prompts on some machines and decode on others, at a budget of cost and of power.
struct SplitwiseClaim: Claim {
  static let descriptor = Descriptor(
    name: "splitwise", summary: "prompt and token machines: throughput at less cost, and at equal cost and power",
    source: "Patel et al., Splitwise, ISCA 2024, abstract")

  /// A machine of eight GPUs: dollars an hour as the paper has them.
  private struct Machine: Equatable {
    var device: String
    var price: Double

    static let a100 = Machine(device: "a100-80", price: 17.6)
    static let h100 = Machine(device: "h100", price: 38)

    /// Watts of its GPUs at their limits.
    var power: Double { 8 * ((try? AcceleratorCatalogue.accelerator(named: device))?.power ?? 0) }
  }

  private struct Design {
    var name: String
    var prompt: (machine: Machine, count: Int)
    /// Nil: the machines do both.
    var token: (machine: Machine, count: Int)?

    var price: Double { prompt.machine.price * Double(prompt.count) + (token.map { $0.machine.price * Double($0.count) } ?? 0) }
    var power: Double { prompt.machine.power * Double(prompt.count) + (token.map { $0.machine.power * Double($0.count) } ?? 0) }
  }

  private struct Workload {
    var name: String
    var lengths: String
  }

  private static let workloads = [
    Workload(name: "conversation", lengths: "prompt=lognormal:1020:0.985,output=lognormal:129:0.859"),
    Workload(name: "code", lengths: "prompt=lognormal:1469:1.36,output=lognormal:13:0.847"),
  ]
  private static let baseline = Design(name: "4 H100", prompt: (.h100, 4), token: nil)
  private static let requests = 400

  func run() throws(ClaimFault) -> [ClaimResult] {
    let reference = try Reference()
    var cheaper: [ClaimResult.Curve.Point] = []
    var equal: [ClaimResult.Curve.Point] = []
    var ledger: [String] = []
    for workload in Self.workloads {
      guard let base = try Self.capacity(Self.baseline, workload, reference) else { continue }
      ledger.append("\(workload.name): \(Self.baseline.name) \(base.rate.two)/s, $\(Self.baseline.price.fixed(0))/h, \((base.watts / 1e3).fixed(1)) kW modelled")
      let less = try Self.best(workload, reference, price: 0.8 * Self.baseline.price, power: .infinity)
      let same = try Self.best(workload, reference, price: Self.baseline.price, power: Self.baseline.power)
      for (found, rows) in [(less, 0), (same, 1)] {
        guard let found else { continue }
        let point = ClaimResult.Curve.Point(at: "\(workload.name), \(found.design.name)", value: found.rate / base.rate)
        if rows == 0 { cheaper.append(point) } else { equal.append(point) }
        ledger.append("\(found.design.name) \(found.rate.two)/s, $\(found.design.price.fixed(0))/h, \((found.watts / 1e3).fixed(1)) kW modelled")
      }
    }
    let id = Self.descriptor.name
    let assumed: [(name: String, value: String)] = [
      ("model", "Llama-2-70B on machines of 8 GPUs (tp 8)"),
      ("machines", "a tenth of the paper's 40: DGX-A100 at $17.6 an hour, DGX-H100 at $38; power of 8 boards at their limit (400 and 700 W)"),
      ("lengths", "lognormal with medians and spreads of the Azure traces of 2023"),
      ("targets", "slowdown against an idle A100 machine at p50, p90, p99: TTFT 2, 3, 6; time between tokens and latency 1.25, 1.5, 5"),
      ("scheduling", "prompts beside decodes, 2,048 tokens a step; the least loaded machine; fixed roles, no mixed pool"),
      ("link", "InfiniBand of 200 Gbit/s for each A100, merged copies after the prompt, not layer by layer beside it"),
      ("search", "every split of every pool of the budget"), ("requests", "\(Self.requests), Poisson arrivals"),
    ]
    let reason = ledger.joined(separator: "; ")
    return [
      ClaimResult(
        id, row: "throughput at 20 % lower cost", metric: "greatest request rate within the targets", published: .ratio(1.4, isPeak: true),
        ours: cheaper.map(\.value).max() ?? 0, assumed: assumed, reason: reason, curve: .init(over: "trace, best design", points: cheaper)),
      ClaimResult(
        id, row: "throughput at equal cost and power", metric: "greatest request rate within the targets",
        published: .ratio(2.35, isPeak: true), ours: equal.map(\.value).max() ?? 0, assumed: assumed, reason: reason,
        curve: .init(over: "trace, best design", points: equal)),
    ]
  }

  private struct Found {
    var design: Design
    var rate: Double
    var watts: Double
  }

  /// Every split of A100 alone, H100 alone, and H100 before A100, that fits both budgets and no larger one contains.
  private static func best(
    _ workload: Workload, _ reference: Reference, price: Double, power: Double
  ) throws(ClaimFault) -> Found? {
    var best: Found?
    for (prompt, token, name) in [(Machine.a100, Machine.a100, "AA"), (.h100, .h100, "HH"), (.h100, .a100, "HA")] {
      func fits(_ first: Int, _ second: Int) -> Bool {
        let design = Design(name: name, prompt: (prompt, first), token: (token, second))
        return design.price <= price && design.power <= power
      }
      for first in 1...8 {
        guard let second = (1...8).last(where: { fits(first, $0) }) else { continue }
        let design = Design(name: "\(name) \(first)+\(second)", prompt: (prompt, first), token: (token, second))
        guard let found = try capacity(design, workload, reference, above: best?.rate), found.rate > best?.rate ?? 0 else { continue }
        best = Found(design: design, rate: found.rate, watts: found.watts)
      }
    }
    return best
  }

  /// - Parameter least: Rates up to here are of no interest.
  private static func capacity(
    _ design: Design, _ workload: Workload, _ reference: Reference, above least: Double? = nil
  ) throws(ClaimFault) -> (rate: Double, watts: Double)? {
    var watts = 0.0
    let rate = try Capacity(range: max(0.5, least ?? 0)...200, rounds: 7).greatest { rate throws(ClaimFault) in
      let trial = try trial(design, workload, rate: rate)
      let score = try trial.run()
      guard reference.isKept(score) else { return false }
      watts = power(of: design, score)
      return true
    }
    return rate.map { ($0, watts) }
  }

  private static func trial(_ design: Design, _ workload: Workload, rate: Double) throws(ClaimFault) -> Trial {
    var trial = try Trial("poisson:\(rate),requests=\(requests),\(workload.lengths),seed=6") {
      $0.device = design.prompt.machine.device
      $0.model = "llama-2-70b"
      $0.tensorParallel = 8
      guard let token = design.token else { return $0.replicas = design.prompt.count }
      $0.placement = "disaggregated:\(design.prompt.count)x\(token.count)"
      $0.decodeDevice = token.machine.device
      $0.kvLink = "infiniband:200"
      $0.kvTransfer = "merged"
    }
    trial.trace = trial.trace.cut(prompt: 3_500, output: 590)
    return trial
  }

  /// Mean watts of all GPUs over the run: of steps by the energy model, and of the time without one by what it says of a GPU
  /// that is awake.
  private static func power(of design: Design, _ score: Scoreboard) -> Double {
    var joules = 0.0
    for (number, tally) in score.instances.enumerated() {
      let machine = number < design.prompt.count ? design.prompt.machine : design.token?.machine ?? design.prompt.machine
      let idle = (try? AcceleratorCatalogue.accelerator(named: machine.device)).flatMap { EnergyModel($0) }.map { 8 * $0.watts() } ?? 0
      joules += (tally.energy ?? 0) + idle * max(0, (score.engineTime - tally.busy).seconds)
    }
    return joules / max(1e-9, score.engineTime.seconds)
  }

  /// What a request takes on an idle A100 machine.
  private struct Reference {
    /// Seconds to read a prompt, by 64 tokens; seconds of a token.
    private var reading: [Double] = []
    private let token: Double

    init() throws(ClaimFault) {
      let device = try stepDevice("a100-80", "llama-2-70b", tensorParallel: 8)
      for length in 1...64 {
        let slot = Batch.Slot(request: RequestID(0), first: 0, count: 64 * length, promptCount: 64 * length, outputs: 0, samples: true)
        reading.append(try device.seconds(Batch(slots: [slot])))
      }
      token = try device.seconds(Batch(decodes: 1, context: 1_200))
    }

    /// Slowdowns at p50, p90 and p99.
    func isKept(_ score: Scoreboard) -> Bool {
      var first: [Double] = [], between: [Double] = [], whole: [Double] = []
      for record in score.requests {
        guard record.isCompleted, let ttft = record.ttft, let e2e = record.e2e else { return false }
        let read = reading[min(reading.count - 1, (Int(record.input) + 63) / 64 - 1)]
        first.append(ttft.seconds / read)
        if let tpot = record.tpot { between.append(tpot.seconds / token) }
        whole.append(e2e.seconds / (read + token * Double(record.output - 1)))
      }
      func keeps(_ values: [Double], _ limits: [Double]) -> Bool {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return true }
        return zip([0.5, 0.9, 0.99], limits).allSatisfy { sorted[Int(Double(sorted.count - 1) * $0)] <= $1 }
      }
      return keeps(first, [2, 3, 6]) && keeps(between, [1.25, 1.5, 5]) && keeps(whole, [1.25, 1.5, 5])
    }
  }
}
