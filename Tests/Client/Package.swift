// swift-tools-version: 6.2
import Foundation
import PackageDescription

// A package of another author. "Unsafe build flags" used to prevent dependencies by version, so `tools/test-client`
// makes a repository with a tag; a dependency by path would prove nothing.
let environment = ProcessInfo.processInfo.environment
let repository = environment["FACSIMILE_REPOSITORY"] ?? "file:///facsimile"
let version = Version(environment["FACSIMILE_VERSION"] ?? "0.0.1") ?? "0.0.1"

let package = Package(
  name: "Client",
  // Without its default traits: no command line, so no argument parser.
  dependencies: [.package(url: repository, exact: version, traits: [])],
  targets: [
    .executableTarget(
      name: "Client",
      dependencies: [.product(name: "Facsimile", package: "facsimile")])
  ],
  swiftLanguageModes: [.v6]
)
