// swift-tools-version: 6.2
import PackageDescription

// The project's readers, instrumented for libFuzzer, and one target that calls them. The modules are the project's own,
// through the link `Project`: in one package with them, the target can use what is not public.
// `tools/fuzz --plain` sets the variable.
let isPlain = Context.environment["FACSIMILE_FUZZ_PLAIN"] != nil
let instrumented: [SwiftSetting] = [
  .unsafeFlags(["-sanitize=\(isPlain ? "fuzzer" : "fuzzer,address")", "-enable-testing"])
]
func module(_ name: String, _ dependencies: [Target.Dependency] = [], _ more: [SwiftSetting] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: "Project/\(name)", swiftSettings: instrumented + more)
}
func library(_ name: String) -> Target { .systemLibrary(name: name, path: "Project/\(name)") }

let package = Package(
  name: "Fuzz",
  dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")],
  targets: [
    library("CCrypto"), library("COpenCL"), library("CPNG"), library("CSQLite"), library("CZlib"),
    module("CEmbedded"), module("CSystem"), module("CVersion"),
    module("Numerics", ["CSystem"], [.enableExperimentalFeature("BuiltinModule")]),
    module("Programs", ["Numerics"]),
    module("Kernels", ["CEmbedded"]),
    module("Storage", ["CCrypto"]),
    module("OpenCLBackend", ["COpenCL", "Kernels", "Numerics", "Programs", "Storage"]),
    module("Models", ["Programs", "Numerics"]),
    module("Pictures", ["Storage", "CPNG"]),
    module("Datasets", ["CSystem", "CZlib", "Numerics", "Pictures", "Storage"]),
    module(
      "Training",
      ["CSystem", "CVersion", "Models", "Datasets", "Pictures", "Storage", "Programs", "Numerics", "Yams"]),
    module(
      "Search", ["CSQLite", "Models", "Datasets", "Storage", "Programs", "Numerics", "Training", "Yams"]),
    module(
      "Provenance", ["CCrypto", "Datasets", "Models", "Numerics", "Programs", "Storage", "Training"]),
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "CZlib", "Datasets", "Models", "OpenCLBackend", "Pictures", "Provenance", "Search", "Storage",
        "Training",
      ], path: "Fuzz",
      swiftSettings: instrumented + [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: isPlain ? [] : [.unsafeFlags(["-sanitize=address"])]),
  ],
  swiftLanguageModes: [.v6]
)
