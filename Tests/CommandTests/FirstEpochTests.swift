import Foundation
import Models
import TestSupport
import Testing

/// The table in README.md that users compare with: hashes after the first epoch on MNIST.
@Suite("The README's hashes")
struct FirstEpochTests {
  private static let hasData =
    ProcessInfo.processInfo.environment["FACSIMILE_DATA"].map { !$0.isEmpty } ?? false

  /// The hash in the row of a model.
  private func published(_ kind: ModelKind) throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let row = try #require(readme.split(separator: "\n").first { $0.hasPrefix("| `\(kind.rawValue)` | `") })
    let cells = row.split(separator: "`")
    return String(try #require(cells.count > 3 ? cells[3] : nil))
  }

  @Test("One epoch of MNIST has them", .enabled(if: hasData), arguments: ModelKind.allCases)
  func firstEpoch(_ kind: ModelKind) throws {
    struct Manifest: Decodable {
      struct Epoch: Decodable { let stateSha256: String }
      let epochs: [Epoch]
    }
    let expected = try published(kind)
    for device in ["cpu"] + (TestDevices.isRequired && kind == .convAutoencoder ? ["opencl"] : []) {
      let place = try TemporaryFolder()
      let arguments = [
        "train", kind.rawValue, "--data", "mnist", "--epochs", "1", "--device", device, "--out", "run",
      ]
      let result = try Facsimile.run(arguments, in: place.url)
      try #require(result.status == 0, "\(result.errors)")
      let manifest = try Facsimile.decode(
        Manifest.self, Data(contentsOf: place.file("run/manifest.json")))
      #expect(manifest.epochs.map(\.stateSha256) == [expected], "\(kind.rawValue) on \(device)")
    }
  }
}
