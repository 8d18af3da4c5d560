import ArgumentParser
import Analysis
import Core
import Dispatch
import Host
import KVMemory
import Scheduling
import ServingEngine
import Workload

@main
struct Workbench: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "workbench", abstract: "A live LLM serving engine in the terminal.")
  @Argument var path: String
  @Option var device = "a100-80"
  @Option var model = "llama-3.1-8b"
  func run() throws {
    if Generator.recognises(path) { try go(Generator(path).trace(), 0); return }
    var bytes: [UInt8] = []
    let f = fopen(path, "r")!
    var buf = [UInt8](repeating: 0, count: 1 << 20)
    while true { let n = fread(&buf, 1, buf.count, f); if n <= 0 { break }; bytes += buf[0..<n] }
    let t0 = DispatchTime.now().uptimeNanoseconds
    let reading = try TraceReader.read(bytes, name: path)
    try go(reading.trace, DispatchTime.now().uptimeNanoseconds - t0)
  }
  func go(_ trace: Trace, _ parse: UInt64) throws {
    let t1 = DispatchTime.now().uptimeNanoseconds
    var c = Configuration(); c.device = device; c.model = model
    var engine = try c.engine(for: trace)
    var board = Scoreboard(slo: SLO())
    var seqs = 0
    while let r = try engine.step() { board.fold(r.events, r.record, arrivals: engine.trace.arrivals); seqs += Int(r.record.sequences) }
    let t2 = DispatchTime.now().uptimeNanoseconds
    print("parse \(Double(parse) / 1e9) run \(Double(t2 - t1) / 1e9) steps \(engine.state.step) steps/s \(Double(engine.state.step) / (Double(t2 - t1) / 1e9)) meanseq \(seqs / engine.state.step) digest \(engine.state.history) completed \(board.completed) rejected \(board.rejected) in \(board.inputTokens) out \(board.outputTokens) blocks \(engine.state.memory.pool.blockCount) preempt \(board.preemptions)")
  }
}
import Glibc
