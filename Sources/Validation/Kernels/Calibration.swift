import Analysis
public import Hardware
import TOMLKit

/// The few constants of a GPU that are fitted to its own measurements, with where they come from and how well they do.
///
/// Everything else (the form of each kernel, the constants of its family) stays as it is, so a handful of rows
/// is enough and nothing can be overfitted.
public struct Calibration: Sendable {
  public var device: String
  public var efficiency: Accelerator.Efficiency
  /// Names of the files that were read.
  public var sources: [String]
  public var errors: [KernelReport.Line]

  /// Fits to `tables`: each constant in turn, twice over, to the least mean absolute error.
  ///
  /// - Parameter device: A name of the catalogue; nil takes the only GPU of the files.
  /// - Complexity: Some 90 predictions of every row of matrix products or attention: seconds.
  public static func fit(_ tables: [MeasuredTable], device: String?) throws -> Calibration {
    var names: [String] = []
    for table in tables {
      guard let column = table.header.firstIndex(of: "gpu") else { continue }
      for row in 0..<table.count where names.last != table.text(row, column) {
        let name = table.text(row, column)
        if !names.contains(name) { names.append(name) }
      }
    }
    let wanted: String
    if let device {
      wanted = device
    } else if let only = names.first, names.count == 1 {
      wanted = only
    } else {
      throw CalibrationError(
        names.isEmpty
          ? "no table of kernels there names a gpu — see `workbench calibrate --help`"
          : "\(names.count) GPUs there (\(names.joined(separator: ", "))): choose one with --device")
    }
    let accelerator = try AcceleratorCatalogue.accelerator(named: wanted)
    // Names of GPUs that this program does not know are only a fault when they are the one asked for.
    let known = Set(names.filter { (try? AcceleratorCatalogue.accelerator(named: $0)) != nil })
    var products: [MeasuredTable] = []
    var attention: [MeasuredTable] = []
    for table in tables where table.header.contains("gpu") {
      let column = try table.column("gpu")
      guard (0..<table.count).contains(where: { known.contains(table.text($0, column)) }) else { continue }
      switch try? KernelTable(table) {
      case .gemm, .layers: products.append(table)
      case .attention, .attentionMixed: attention.append(table)
      default: break
      }
    }

    var best = accelerator.unmeasured.efficiency
    best.isMeasured = true
    func report(_ tables: [MeasuredTable], _ efficiency: Accelerator.Efficiency) throws -> KernelReport {
      var options = KernelValidation.Options()
      options.gpu = accelerator.name
      options.onlyWide = true
      options.calibrations[accelerator.name] = efficiency
      var validation = KernelValidation(options)
      for table in tables { try validation.add(table) }
      return validation.report
    }
    func error(_ tables: [MeasuredTable], _ kinds: [String], _ efficiency: Accelerator.Efficiency) throws -> Double {
      let lines = try report(tables, efficiency).lines.filter { kinds.contains($0.group.kind) }
      let rows = lines.reduce(0) { $0 + $1.count }
      return rows == 0 ? 0 : lines.reduce(0) { $0 + $1.mean * Double($1.count) } / Double(rows)
    }
    /// The best of a range, by thirds.
    func search(
      _ range: ClosedRange<Double>, _ tables: [MeasuredTable], _ kinds: [String],
      _ set: (inout Accelerator.Efficiency, Double) -> Void
    ) throws {
      guard try report(tables, best).lines.contains(where: { kinds.contains($0.group.kind) }) else { return }
      var (low, high) = (range.lowerBound, range.upperBound)
      func value(_ x: Double) throws -> Double {
        var trial = best
        set(&trial, x)
        return try error(tables, kinds, trial)
      }
      while high - low > 0.01 {
        let (left, right) = (low + (high - low) / 3, high - (high - low) / 3)
        if try value(left) <= value(right) { high = right } else { low = left }
      }
      set(&best, ((low + high) * 500).rounded() / 1000)
    }
    let gemm = ["gemm", "layer_gemm"]
    for _ in 0..<2 {
      try search(0.3...1, products, gemm) { $0.gemm = $1 }
      try search(0.4...0.97, products, gemm) { $0.memory = $1 }
      try search(0...0.5, products, gemm) { $0.sustainedLoss = $1 }
    }
    try search(0.4...0.97, attention, ["attention_decode"]) { $0.decodeMemory = $1 }
    try search(0.1...1, attention, ["attention_prefill"]) { $0.prefillArithmetic = $1 }
    let lines = try report(products + attention, best).lines
    guard !lines.isEmpty else {
      throw CalibrationError("\(accelerator.name): no measured matrix product or attention there — see `workbench calibrate --help`")
    }
    return Calibration(
      device: accelerator.name, efficiency: best, sources: (products + attention).map(\.file), errors: lines)
  }

  public var toml: String {
    func figure(_ value: Double) -> String {
      let thousandths = Int((abs(value) * 1000).rounded())
      let digits = String(thousandths % 1000)
      return "\(value < 0 && thousandths > 0 ? "-" : "")\(thousandths / 1000)."
        + String(repeating: "0", count: 3 - digits.count) + digits
    }
    func quoted(_ text: String) -> String { JSONValue.string(text).description }
    var text = """
      # Constants of one GPU, fitted to its measured kernels by `workbench calibrate`.
      # Use: workbench --calibration THIS_FILE
      schema = "workbench.calibration/1"
      device = \(quoted(device))
      sources = [\(sources.map(quoted).joined(separator: ", "))]

      [efficiency]
      # Parts of the datasheet's bf16 peak and memory bandwidth that matrix products reach.
      gemm = \(figure(efficiency.gemm))
      memory = \(figure(efficiency.memory))
      # Part of the clock that the power limit takes in products of milliseconds.
      sustained_loss = \(figure(efficiency.sustainedLoss))

      """
    if let memory = efficiency.decodeMemory {
      text += "# Part of the memory bandwidth that decode attention reaches.\ndecode_memory = \(figure(memory))\n"
    }
    if let arithmetic = efficiency.prefillArithmetic {
      text += "# Part of the bf16 peak that prefill attention reaches.\nprefill_arithmetic = \(figure(arithmetic))\n"
    }
    for line in errors {
      text += """

        [[error_percent]]
        kind = \(quoted(line.group.kind))
        dtype = \(quoted(line.group.dtype))
        rows = \(line.count)
        mean = \(figure(line.mean))
        median = \(figure(line.median))
        p90 = \(figure(line.p90))
        bias = \(figure(line.bias))

        """
    }
    return text
  }

  /// Reads what `toml` writes; errors of the fit are not needed.
  public init(toml text: String, file: String) throws {
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch {
      throw CalibrationError("\(file): not TOML (\(error)) — `workbench calibrate` writes such files")
    }
    guard table["schema"]?.string == "workbench.calibration/1" else {
      throw CalibrationError("\(file): schema: workbench.calibration/1 is wanted — `workbench calibrate` writes such files")
    }
    guard let name = table["device"]?.string else { throw CalibrationError("\(file): device: the name of a GPU is wanted") }
    let values = table["efficiency"]?.table
    func number(_ key: String, _ range: ClosedRange<Double>) throws -> Double? {
      guard let value = values?[key] else { return nil }
      guard let number = value.double ?? value.int.map(Double.init), range.contains(number) else {
        throw CalibrationError("\(file): efficiency.\(key): a number from \(range.lowerBound) to \(range.upperBound) is wanted")
      }
      return number
    }
    guard let gemm = try number("gemm", 0.01...1), let memory = try number("memory", 0.01...1) else {
      throw CalibrationError("\(file): efficiency: gemm and memory are wanted")
    }
    device = try AcceleratorCatalogue.accelerator(named: name).name
    efficiency = .init(
      gemm: gemm, memory: memory, sustainedLoss: try number("sustained_loss", 0...0.9) ?? 0, isMeasured: true)
    efficiency.decodeMemory = try number("decode_memory", 0.01...1)
    efficiency.prefillArithmetic = try number("prefill_arithmetic", 0.01...1)
    sources = [file]
    errors = []
  }

  init(device: String, efficiency: Accelerator.Efficiency, sources: [String], errors: [KernelReport.Line]) {
    self.device = device
    self.efficiency = efficiency
    self.sources = sources
    self.errors = errors
  }
}

/// What stands in the way of a calibration: one line.
public struct CalibrationError: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
