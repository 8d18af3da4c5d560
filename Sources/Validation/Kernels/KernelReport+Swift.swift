extension KernelReport {
  /// The source of `Hardware/KernelErrors.swift`, so that the program knows its own errors.
  ///
  /// GPUs without direct links are left out of the collectives: there the node decides.
  public var swift: String {
    func figure(_ value: Double) -> String {
      let tenths = Int((abs(value) * 10).rounded())
      return "\(value < 0 && tenths > 0 ? "-" : "")\(tenths / 10).\(tenths % 10)"
    }
    var text = """
      // Made by: workbench validate --swift --kernels gemm.csv attention_prefill.csv attention_decode.csv \\
      //   attention_mixed.csv moe.csv comm.csv layer_ops.csv > Sources/Hardware/KernelErrors.swift

      /// Errors of the model's kernel times against measured ones, in %; all rows, those of the fits included.
      enum KernelErrors {
        static let all: [(gpu: String, kind: String, dtype: String, count: Int, mean: Double, median: Double, bias: Double)] = [

      """
    for line in lines where !(line.group.gpu.hasPrefix("RTX") && ["nccl", "custom"].contains(line.group.dtype)) {
      let group = line.group
      text += "    (\"\(group.gpu)\", \"\(group.kind)\", \"\(group.dtype)\", \(line.count), "
      text += "\(figure(line.mean)), \(figure(line.median)), \(figure(line.bias))),\n"
    }
    return text + "  ]\n}\n"
  }
}
