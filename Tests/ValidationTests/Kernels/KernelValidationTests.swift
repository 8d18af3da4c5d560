import Core
import Foundation
import Hardware
import Testing
import Validation

/// The folder of measurements; nil when absent.
private let measured: String? = {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  let shared =
    ProcessInfo.processInfo.environment["WORKBENCH_SHARED"] ?? root.deletingLastPathComponent().appendingPathComponent("shared").path
  return FileManager.default.fileExists(atPath: shared + "/measured") ? shared + "/measured" : nil
}()

@Suite("Kernel validation")
struct KernelValidationTests {
  private func lines(_ text: String) throws -> [KernelReport.Line] {
    var validation = KernelValidation()
    try validation.add(try MeasuredTable(file: "t.csv", bytes: Array(text.utf8)))
    return validation.report.lines
  }

  @Test("a time that is what the model says has no error; half of it has one of 100 %")
  func errors() throws {
    let chip = Chip(try AcceleratorCatalogue.accelerator(named: "h200"))
    let time = Double(Gemm(columns: 4096, depth: 8192).estimate(rows: 4096, on: chip).time.nanoseconds) / 1000
    let lines = try lines(
      "gpu,dtype,m,n,k,latency_us\nH200-SXM,bf16,4096,4096,8192,\(time)\nH200-SXM,bf16,4096,4096,8192,\(time / 2)\n")
    #expect(lines.count == 1)
    #expect(lines[0].group == .init(gpu: "H200-SXM", kind: "gemm", dtype: "bf16"))
    #expect(lines[0].count == 2)
    #expect(abs(lines[0].mean - 50) < 0.5 && abs(lines[0].bias - 50) < 0.5 && abs(lines[0].p90 - 90) < 0.5)
  }

  /// Mean absolute errors in % that must not be passed, on shapes that no fit has seen.
  @Test("shapes that were held out are within bounds, and nothing is under the physical floor", .enabled(if: measured != nil))
  func heldOut() throws {
    var options = KernelValidation.Options()
    options.onlyHeldOut = true
    var validation = KernelValidation(options)
    for name in ["gemm", "attention_decode", "attention_prefill", "moe", "layer_ops", "comm"] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(measured ?? "")/\(name).csv"))
      try validation.add(try MeasuredTable(file: name, bytes: Array(bytes)))
    }
    let bounds = [
      "gemm bf16": 9.0, "gemm fp8": 14, "gemm fp8_block": 14, "attention_decode bf16": 9, "attention_decode fp8": 9.5,
      "attention_prefill bf16": 9, "moe bf16": 13, "moe fp8": 13, "moe fp8_block": 13, "moe nvfp4": 13, "moe w4a16_mxfp4": 13.5,
    ]
    for line in validation.report.lines {
      #expect(line.underFloor == 0, "\(line.group)")
      if line.group.kind == "moe", line.group.gpu.hasPrefix("A100") { continue }
      if let bound = bounds["\(line.group.kind) \(line.group.dtype)"] { #expect(line.mean <= bound, "\(line)") }
    }
  }

  @Test("a calibration finds the efficiencies that the times were made with, and reads what it writes")
  func calibration() throws {
    var gpu = try AcceleratorCatalogue.accelerator(named: "a40")
    gpu.calibrated = .init(gemm: 0.6, memory: 0.7, isMeasured: true)
    let chip = Chip(gpu)
    var text = "gpu,dtype,m,n,k,latency_us\n"
    for m in [1, 64, 4096, 8192] {
      for n in [8192, 16384] {
        let time = Gemm(columns: n, depth: 8192).estimate(rows: m, on: chip, residency: .repeated).time
        text += "A40,bf16,\(m),\(n),8192,\(Double(time.nanoseconds) / 1000)\n"
      }
    }
    let table = try MeasuredTable(file: "mine.csv", bytes: Array(text.utf8))
    let found = try Calibration.fit([table], device: nil)
    #expect(found.device == "A40")
    #expect(abs(found.efficiency.gemm - 0.6) < 0.03 && abs(found.efficiency.memory - 0.7) < 0.03, "\(found.efficiency)")
    #expect(found.errors[0].mean < 2)
    let read = try Calibration(toml: found.toml, file: "a40.toml")
    #expect(read.device == "A40" && read.efficiency == found.efficiency)
  }
}
