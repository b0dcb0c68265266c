import Foundation
import TestSupport
import Testing

/// A search ends with the same table whether it was killed or ran in parallel.
@Suite("Searching from the command line")
struct SearchTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset(train: 400, test: 30)
    try place.put(
      "space.yaml",
      Data(
        """
        model: conv-autoencoder
        epochs: 2
        fixed: {batch-size: 16, hidden: 16, seed: 7}
        space:
          latent: [2, 3, 4, 5, 6, 7]
          learning-rate: [0.01, 0.003, 0.001, 0.0001]
        """.utf8))
  }

  /// The table without seconds.
  private struct Table: Decodable, Equatable {
    struct Row: Decodable, Equatable {
      let number: Int
      let settings: [String: Double]
      let state: String
      let epochCount: Int
      let validationLoss: Double
      let bestEpoch: Int
      let stateSha256: String
    }
    let trials: [Row]
    let command: String
  }

  private func arguments(_ storage: String) -> [String] {
    ["search", "space.yaml", "--data", "data", "--device", "cpu", "--storage", "\(storage).sqlite"]
  }

  private func table(_ storage: String, _ more: [String] = []) throws -> Table {
    let result = try Facsimile.run(arguments(storage) + more + ["--json"], in: place.url)
    #expect(result.status == 0, "\(result.errors)")
    return try result.json()
  }

  private func kill(_ storage: String, after text: String) throws {
    let result = try Facsimile.run(arguments(storage), in: place.url, stop: .kill(after: text))
    try #require(result.status == 128 + SIGKILL, "it ended before it could be killed: \(result.errors)")
  }

  @Test("Killed twice, and two trials side by side: the same table; the best trains again to the same hash")
  func sameTable() throws {
    let straight = try table("straight")
    #expect(
      straight.trials.count == 24 && straight.trials.allSatisfy { $0.state == "done" && $0.epochCount == 2 })
    #expect(Set(straight.trials.map(\.stateSha256)).count == 24)
    try kill("killed", after: "(3/24)")
    // After the first trial that the second attempt completes.
    try kill("killed", after: "\ntrial ")
    #expect(try table("killed") == straight)
    #expect(try table("jobs", ["--jobs", "2"]) == straight)

    let words = straight.command.split(separator: " ").map(String.init)
    try #require(words.first == "facsimile")
    let trained = try Facsimile.run(
      words.dropFirst() + ["--device", "cpu", "--out", "best", "--json"], in: place.url)
    struct Figures: Decodable { let stateSha256: String }
    #expect(try trained.json(Figures.self).stateSha256 == straight.trials[0].stateSha256)
  }
}
