// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Someone else's package. A dependency by version is what "unsafe build flags" used to hinder, so
// `tools/test-client` makes a repository with a tag; by path nothing would be shown.
let environment = ProcessInfo.processInfo.environment
let repository = environment["FACSIMILE_REPOSITORY"] ?? "file:///facsimile"
let version = Version(environment["FACSIMILE_VERSION"] ?? "0.0.1") ?? "0.0.1"

let package = Package(
  name: "Client",
  // Without its default traits: no command line, so no parser of arguments.
  dependencies: [.package(url: repository, exact: version, traits: [])],
  targets: [
    .executableTarget(
      name: "Client",
      dependencies: [.product(name: "Facsimile", package: "facsimile")])
  ],
  swiftLanguageModes: [.v6]
)
