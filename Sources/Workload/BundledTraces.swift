import Core

/// The traces that come with the program, as the texts that make them.
///
/// The files in `traces/` are what these texts give; the program can also make them
/// in memory when no file is at hand.
public struct BundledTraces: Sendable {
  public let descriptor: Descriptor
  /// What `Generator` is given.
  public let recipe: String

  public var name: String { descriptor.name }
  public var fileName: String { name + ".jsonl" }

  public static let all: [BundledTraces] = [demo, chat, offlineBatch, longContext]

  public static func named(_ name: String) -> BundledTraces? { all.first { $0.name == name } }

  /// The requests, the same on every machine.
  public func trace() -> Trace {
    do {
      return try Generator(recipe).trace(name: name)
    } catch {
      fatalError("the bundled trace \(name) has a wrong recipe: \(error)")
    }
  }

  /// The file, byte for byte.
  public func file() -> [UInt8] { WorkloadWriter.bytes(trace(), origin: recipe) }

  /// Three minutes made for Llama-3.1-8B on one GPU. A steady chat over four system
  /// prompts; a few impatient clients; an agent's loop of short calls with one long
  /// prefix; documents of some 7,000 tokens from second 5; and two crowds that ask
  /// about one document at the same moment, at seconds 12 and 95.
  public static let demo = BundledTraces(
    descriptor: Descriptor(
      name: "demo", summary: "three minutes of chat, crowds and long documents for one GPU",
      source: "drawn from stated distributions"),
    recipe: [
      "poisson:3.2,requests=576,prompt=lognormal:280:0.9,output=lognormal:210:0.6,prefix=4x900,label=chat,seed=11",
      "gamma:1.1:2.5,requests=190,prompt=uniform:40:220,output=uniform:20:90,prefix=1x1800:100,label=agent,seed=12",
      "gamma:0.22:1.5,requests=36,start=5,prompt=lognormal:7000:0.35,output=lognormal:260:0.4,label=document,seed=13",
      "all-at-once:10,start=12,prompt=uniform:30:120,output=lognormal:420:0.4,prefix=1x2600:200,label=crowd,seed=14",
      "all-at-once:18,start=95,prompt=uniform:30:120,output=lognormal:420:0.4,prefix=1x2600:201,label=crowd,seed=15",
      "poisson:0.35,requests=60,prompt=lognormal:500:0.5,output=lognormal:600:0.5,patience=uniform:4:14,label=impatient,seed=16",
    ].joined(separator: " + "))

  /// Conversations that begin over some ten minutes and then tail off: each turn quotes all of the turns before it.
  public static let chat = BundledTraces(
    descriptor: Descriptor(
      name: "chat", summary: "conversations that begin over ten minutes; each turn quotes the ones before",
      source: "drawn from stated distributions"),
    recipe:
      "poisson:1.1,requests=2400,turns=exponential:4,think=lognormal:9:0.7,prompt=lognormal:70:0.9,output=lognormal:180:0.7,prefix=6x700,label=chat,seed=21"
  )

  /// Everything at once: prompts of a batch job, one third with a common instruction.
  public static let offlineBatch = BundledTraces(
    descriptor: Descriptor(
      name: "offline-batch", summary: "six hundred requests at once, as in a batch job",
      source: "drawn from stated distributions"),
    recipe: [
      "all-at-once:400,prompt=lognormal:700:0.7,output=lognormal:240:0.6,label=summaries,seed=31",
      "all-at-once:200,prompt=uniform:50:400,output=uniform:8:64,prefix=1x1200,label=labels,seed=32",
    ].joined(separator: " + "))

  /// Documents of some ten thousands of tokens among short questions.
  public static let longContext = BundledTraces(
    descriptor: Descriptor(
      name: "long-context", summary: "documents of up to 100,000 tokens among short questions",
      source: "drawn from stated distributions"),
    recipe: [
      "gamma:0.12:1.5,requests=60,prompt=uniform:20000:100000,output=lognormal:350:0.5,label=document,seed=41",
      "gamma:0.4:2,requests=200,prompt=uniform:30:300,output=lognormal:200:0.5,prefix=5x24000:300,label=question,seed=42",
      "poisson:1.5,requests=750,prompt=lognormal:200:0.8,output=lognormal:150:0.6,label=chat,seed=43",
    ].joined(separator: " + "))
}
