// swift-tools-version: 6.2
import PackageDescription

// Who may see whom is the design: arrows only point down.
//
//   workbench                          flags, files, wiring
//   Console            Curses          the application │ the only code that knows ncurses
//   Host               Validation      threads and wall clock │ predictions beside measurements
//   ServingEngine      Analysis        the step │ folds over events
//   Scheduling  Hardware  Transformer  siblings
//   KVMemory  Speculation  Workload    siblings
//   Core               Screen          nouns and determinism │ cells

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")

/// Arithmetic is compiled optimised in debug builds too; on x86-64 it may use AVX2, FMA and F16C, which every server
/// since 2013 has.
#if arch(x86_64)
  let optimised: [SwiftSetting] = [.unsafeFlags(["-O", "-Xcc", "-mavx2", "-Xcc", "-mfma", "-Xcc", "-mf16c"])]
#else
  let optimised: [SwiftSetting] = [.unsafeFlags(["-O"])]
#endif

/// A subject and its tests; `tests` names what only the tests see, `hot` what its sources are compiled with besides.
func subject(
  _ name: String, sees dependencies: [Target.Dependency] = [], tests: [Target.Dependency] = [], hot: [SwiftSetting] = [],
  excluding excluded: [String] = []
) -> [Target] {
  [
    .target(name: name, dependencies: dependencies, exclude: excluded, swiftSettings: strict + hot),
    .testTarget(
      name: name + "Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies + tests,
      swiftSettings: strict),
  ]
}

let package = Package(
  name: "workbench",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: [
    .systemLibrary(name: "CNcurses", providers: [.apt(["libncursesw5-dev"])]),
    .target(name: "CTerminal"),
    .target(name: "CBuiltIn"),
    .target(name: "CKernels", exclude: ["cache.inc", "kernels.inc"], cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]),
    .target(name: "TestSupport", dependencies: ["Core", "Screen", "Transformer"], path: "Tests/TestSupport", swiftSettings: strict),
    .executableTarget(
      name: "workbench",
      dependencies: [
        "Core", "KVMemory", "Workload", "Hardware", "ServingEngine", "Analysis", "Host", "Screen", "Console", "Curses", "Transformer",
        "Validation", arguments,
      ],
      swiftSettings: strict),
  ]
    + subject("Core")
    + subject("Screen", sees: [toml])
    + subject("KVMemory", sees: ["Core"])
    + subject("Speculation", sees: ["Core"])
    + subject("Workload", sees: ["Core"])
    + subject("Scheduling", sees: ["Core", "KVMemory", heap])
    + subject("Hardware", sees: ["Core"])
    + subject("ServingEngine", sees: ["Core", "KVMemory", "Scheduling", "Speculation", "Hardware", "Transformer"], tests: ["Analysis"])
    + subject("Transformer", sees: ["Core", "KVMemory", "Hardware", "Speculation", "CKernels", "CBuiltIn"], hot: optimised, excluding: ["BuiltIn"])
    + subject("Analysis", sees: ["Core"])
    + subject(
      "Host", sees: ["Core", "Hardware", "KVMemory", "Scheduling", "ServingEngine", "Analysis", "Workload", "Transformer"])
    + subject("Validation", sees: ["Core", "Hardware", "Transformer", "ServingEngine", "Host", "Analysis", "Workload", "Scheduling", "KVMemory", toml])
    + subject("Console", sees: ["Core", "KVMemory", "Scheduling", "Hardware", "ServingEngine", "Analysis", "Host", "Workload", "Screen"], tests: ["Transformer"])
    + subject("Curses", sees: ["CNcurses", "CTerminal", "Screen"])
)
