// swift-tools-version: 6.2
import PackageDescription

// What training and analysis spend their time in is optimised as a whole in every configuration, so that a debug build,
// which takes half the time (tools/quickstart, tools/test), trains as fast as a release build.
let optimised: SwiftSetting = .unsafeFlags(
  ["-O", "-wmo", "-num-threads", "2", "-disable-batch-mode"], .when(configuration: .debug))

// tools/check-wide has what is meant for AVX-512 compiled for AVX2, and chosen on every processor.
let isWideAnywhere = Context.environment["FACSIMILE_WIDE_ANYWHERE"] != nil

// The hot loops want AVX2 and FMA on x86-64 and square roots without errno; on arm64 NEON is the baseline.
// AVX-512 is another matter: what is compiled for it runs only where the processor is found to have it.
#if arch(x86_64)
  let vectorFlags = ["-mavx2", "-mfma"]
  let wideFlags =
    vectorFlags
    + (isWideAnywhere
      ? [] : ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"])
  let wide: [SwiftSetting] = [.define("WIDE")] + hot(wideFlags)
#else
  let vectorFlags: [String] = []
  let wide = hot(vectorFlags)
#endif
func hot(_ flags: [String]) -> [SwiftSetting] {
  [
    optimised,
    .unsafeFlags(
      ["-Ounchecked", "-enforce-exclusivity=unchecked"]
        + (["-fno-math-errno"] + flags).flatMap { ["-Xcc", $0] }),
  ]
}

// What puts commands, pages and files together holds no loop that would gain: it is compiled in half the time.
let plain: [SwiftSetting] = [.unsafeFlags(["-Onone"])]

// Only what the command line needs may depend on it: a client of the library resolves none.
let protobuf = Target.Dependency.product(
  name: "SwiftProtobuf", package: "swift-protobuf", condition: .when(traits: ["CommandLine"]))

// `--version` names it; SwiftPM keeps what a manifest once found, but not the environment.
let commit = Context.environment["FACSIMILE_COMMIT"] ?? "unknown"

let package = Package(
  name: "Facsimile",
  products: [
    .library(name: "Facsimile", targets: ["Facsimile"]),
    .executable(name: "facsimile", targets: ["FacsimileCommand"]),
  ],
  traits: [
    .default(enabledTraits: ["CommandLine"]),
    .trait(
      name: "CommandLine",
      description: "The program. A package that needs the library only depends with traits: []."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CCrypto"),
    .systemLibrary(name: "COpenCL"),
    .systemLibrary(name: "CPNG"),
    .systemLibrary(name: "CSQLite"),
    .systemLibrary(name: "CZlib"),
    // OpenCL sources and the report's page, as bytes.
    .target(name: "CEmbedded"),
    .target(name: "CSystem", cSettings: isWideAnywhere ? [.define("WIDE_ANYWHERE")] : []),
    .target(name: "CVersion", cSettings: [.define("FACSIMILE_COMMIT", to: "\"\(commit)\"")]),

    // The contract, and programs over it.
    .target(
      name: "Numerics", dependencies: ["CSystem"],
      swiftSettings: [optimised, .enableExperimentalFeature("BuiltinModule")]),
    .target(name: "Programs", dependencies: ["Numerics"], swiftSettings: [optimised]),

    // Two backends.
    .target(name: "CPUKernels", dependencies: ["Numerics"], swiftSettings: hot(vectorFlags)),
    .target(
      name: "CPUConvolutions", dependencies: ["CPUKernels", "CSystem", "Numerics"],
      swiftSettings: hot(vectorFlags)),
    // The same sources once more, by a symbolic link.
    .target(
      name: "CPUConvolutions512", dependencies: ["CPUKernels", "CSystem", "Numerics"], swiftSettings: wide),
    .target(
      name: "CPUBackend",
      dependencies: [
        "CPUConvolutions", "CPUConvolutions512", "CPUKernels", "CSystem", "Programs", "Numerics",
      ], swiftSettings: [optimised]),
    .target(name: "Kernels", dependencies: ["CEmbedded"]),
    .target(name: "OpenCLBackend", dependencies: ["COpenCL", "Kernels", "Numerics", "Programs", "Storage"]),
    .target(name: "Backends", dependencies: ["CPUBackend", "OpenCLBackend", "Programs"]),

    // Models and their training, which know no backend.
    .target(name: "Models", dependencies: ["Programs", "Numerics"]),
    .target(name: "Storage", dependencies: ["CCrypto"]),
    .target(name: "Pictures", dependencies: ["Storage", "CPNG"], swiftSettings: [optimised]),
    .target(name: "Datasets", dependencies: ["CSystem", "CZlib", "Numerics", "Pictures", "Storage"]),
    .target(
      name: "Training",
      dependencies: [
        "CSystem", "CVersion", "Models", "Datasets", "Pictures", "Storage", "Programs", "Numerics", "Yams",
      ]),
    // Several processes that train one model: the system's MPI, loaded when it is asked for.
    .target(name: "Distributed", dependencies: ["CSystem", "Numerics", "Training"]),
    .target(
      name: "Search",
      dependencies: [
        "CSQLite", "Models", "Datasets", "Storage", "Programs", "Numerics", "Training", "Yams",
      ]),
    // What runs and models look like.
    .target(
      name: "Views",
      dependencies: ["Datasets", "Models", "Numerics", "Pictures", "Programs", "Training"]),
    // What is computed from codes and images; values in, values out.
    .target(name: "AnalysisKernels", dependencies: ["Numerics"], swiftSettings: hot(vectorFlags)),
    .target(name: "Analysis", dependencies: ["AnalysisKernels", "Numerics"], swiftSettings: [optimised]),
    // Runs and codes for other programs: ONNX, TensorBoard, the embedding projector, Parquet.
    .target(
      name: "Interchange",
      dependencies: [
        "Analysis", "Datasets", "Models", "Numerics", "Pictures", "Programs", "Storage", "Training",
        protobuf,
      ],
      exclude: ["Protos"], swiftSettings: plain),
    // New images from trained models, and what they are worth.
    .target(
      name: "Generation",
      dependencies: [
        "Analysis", "Datasets", "Models", "Numerics", "Pictures", "Programs", "Storage", "Training",
      ]),
    // The published study, step by step, and reports.
    .target(
      name: "Study",
      dependencies: [
        "Analysis", "CEmbedded", "Datasets", "Generation", "Models", "Numerics", "Pictures", "Programs",
        "Search", "Storage", "Training", "Views",
      ],
      exclude: ["Page/Files"], swiftSettings: plain),
    // A page in the browser over folders of runs.
    .target(
      name: "LivePage",
      dependencies: ["CEmbedded", "Models", "Pictures", "Search", "Storage", "Training", "Views"],
      exclude: ["Page"], swiftSettings: plain),
    .target(
      name: "Parity", dependencies: ["Models", "Programs", "Numerics"], swiftSettings: [optimised]),
    // Whether a run can be trained again with the same bits, and who signed it.
    .target(
      name: "Provenance",
      dependencies: ["CCrypto", "Datasets", "Models", "Numerics", "Programs", "Storage", "Training"]),

    .target(
      name: "Facsimile",
      dependencies: [
        "Backends", "Datasets", "Generation", "Models", "Numerics", "Pictures", "Programs", "Storage",
        "Training",
      ]),
    .executableTarget(
      name: "FacsimileCommand",
      dependencies: [
        "Analysis", "Backends", "CPUBackend", "CSystem", "CVersion", "Datasets", "Distributed", "Generation",
        "Interchange", "LivePage",
        "Models", "Numerics", "Parity", "Pictures", "Programs", "Provenance", "Search", "Storage", "Study",
        "Training", "Views",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["CommandLine"])),
      ], swiftSettings: plain),

    // What tests share; no product depends on it.
    .target(
      name: "TestSupport",
      dependencies: ["CPUBackend", "Datasets", "Models", "OpenCLBackend", "Parity", "Programs"],
      path: "Tests/TestSupport", swiftSettings: [optimised]),
    .testTarget(name: "NumericsTests", dependencies: ["CSystem", "Numerics"]),
    .testTarget(name: "AnalysisTests", dependencies: ["Analysis", "AnalysisKernels", "Numerics", "Storage"]),
    .testTarget(
      name: "GenerationTests",
      dependencies: ["Analysis", "Datasets", "Generation", "Models", "Storage", "TestSupport", "Training"]),
    .testTarget(name: "CPUConvolutionsTests", dependencies: ["CPUConvolutions", "CPUKernels", "Numerics"]),
    .testTarget(name: "StorageTests", dependencies: ["Storage", "TestSupport"]),
    .testTarget(name: "PicturesTests", dependencies: ["Pictures", "Storage", "CZlib", "TestSupport"]),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "Pictures", "Storage", "CZlib", "TestSupport"]),
    .testTarget(name: "ModelsTests", dependencies: ["CPUBackend", "Models", "Programs", "Storage"]),
    .testTarget(
      name: "OpenCLBackendTests",
      dependencies: ["OpenCLBackend", "Kernels", "Programs", "Numerics", "TestSupport"]),
    .testTarget(
      name: "BackendsTests", dependencies: ["Backends", "CPUBackend", "OpenCLBackend", "Programs"]),
    .testTarget(
      name: "OracleTests",
      dependencies: ["Datasets", "Models", "Numerics", "Programs", "Storage", "TestSupport", "Training"],
      swiftSettings: [optimised]),
    .testTarget(
      name: "ParityTests",
      dependencies: [
        "CPUBackend", "Datasets", "Models", "Numerics", "OpenCLBackend", "Parity", "Programs", "TestSupport",
        "Training",
      ], swiftSettings: [optimised]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "CSystem", "Datasets", "Models", "Pictures", "Programs", "Storage", "TestSupport", "Training",
      ]),
    .testTarget(name: "DistributedTests", dependencies: ["Distributed"]),
    .testTarget(
      name: "ViewsTests",
      dependencies: [
        "Datasets", "Models", "Numerics", "Pictures", "Programs", "TestSupport", "Training", "Views",
      ]),
    .testTarget(
      name: "SearchTests",
      dependencies: [
        "CPUBackend", "Datasets", "Models", "Numerics", "Programs", "Search", "Storage", "TestSupport",
        "Training",
      ]),
    .testTarget(
      name: "ProvenanceTests",
      dependencies: ["Datasets", "Models", "Provenance", "Programs", "Storage", "TestSupport", "Training"]),
    .testTarget(
      name: "InterchangeTests",
      dependencies: [
        "Analysis", "Datasets", "Interchange", "Models", "Pictures", "Programs", "Storage", "TestSupport",
        "Training", protobuf,
      ]),
    .testTarget(
      name: "StudyTests",
      dependencies: ["Datasets", "Models", "Programs", "Storage", "Study", "TestSupport", "Training"]),
    .testTarget(
      name: "LivePageTests",
      dependencies: [
        "Datasets", "LivePage", "Models", "Search", "Storage", "TestSupport", "Training",
      ]),
    .testTarget(name: "FacsimileTests", dependencies: ["Facsimile", "TestSupport"]),
    .testTarget(
      name: "CommandTests",
      dependencies: ["FacsimileCommand", "Datasets", "Models", "Storage", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
