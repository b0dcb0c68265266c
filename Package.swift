// swift-tools-version: 6.2
import PackageDescription

// The hot loops want AVX2 and FMA on x86-64 and square roots without errno; on arm64 NEON is the baseline.
// The kernels are optimised in every configuration: debug builds of SIMD code are a hundred times slower.
#if arch(x86_64)
  let vectorFlags = ["-Xcc", "-mavx2", "-Xcc", "-mfma"]
#else
  let vectorFlags: [String] = []
#endif
let hot: [SwiftSetting] = [
  .unsafeFlags(
    ["-Ounchecked", "-enforce-exclusivity=unchecked", "-Xcc", "-fno-math-errno"] + vectorFlags)
]

let package = Package(
  name: "Facsimile",
  products: [
    .library(name: "Models", targets: ["Models", "CPUBackend"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "COpenCL"),
    .systemLibrary(name: "CZlib"),
    .systemLibrary(name: "CPNG"),
    .target(name: "Numerics"),
    .target(name: "Programs", dependencies: ["Numerics"]),
    .target(name: "CPUKernels", dependencies: ["Numerics"], swiftSettings: hot),
    .target(name: "CPUBackend", dependencies: ["CPUKernels", "Programs", "Numerics"]),
    .target(name: "Models", dependencies: ["Programs", "Numerics"]),
    .target(name: "Storage", dependencies: ["CPNG", .product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "Datasets", dependencies: ["Storage", "CZlib"]),
    .testTarget(name: "NumericsTests", dependencies: ["Numerics"]),
    .testTarget(name: "StorageTests", dependencies: ["Storage"]),
    .testTarget(name: "DatasetsTests", dependencies: ["Datasets", "Storage", "CZlib"]),
  ],
  swiftLanguageModes: [.v6]
)
