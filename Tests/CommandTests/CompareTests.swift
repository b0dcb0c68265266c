import Foundation
import TestSupport
import Testing

@Suite("train --trace, and compare") struct CompareTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
  }

  private func run(_ words: String) throws -> Facsimile.Result {
    try Facsimile.run(words.split(separator: " ").map(String.init), in: place.url)
  }

  private func train(_ words: String) throws {
    let result = try run("train \(words) --data data --device cpu --epochs 2 --batch-size 16")
    try #require(result.status == 0, "\(words): \(result.errors)")
  }

  private struct Figures: Decodable {
    let identical: Bool
    let reason: String
    let epoch: Int?
    let hashes: Int?
    let settings: [String]
  }

  private func compare(_ words: String) throws -> (status: Int32, figures: Figures) {
    let result = try run("compare \(words) --json")
    return (result.status, try result.json(Figures.self))
  }

  @Test(
    "Runs with and without a trace, stopped or signed; other settings are named; wrong intervals are refused")
  func traced() throws {
    try train("vae --out a --trace 1 --set hidden=6")
    try train("--trace vae --out b --set hidden=6")
    try train("vae --out c --trace=1 --set hidden=6")
    try train("vae --out d --set hidden=6 seed=4")
    let same = try compare("a c")
    #expect(same.status == 0 && same.figures.identical && same.figures.hashes == 1, "\(same)")
    let epochs = try compare("a b")
    #expect(
      epochs.status == 0 && epochs.figures.hashes == nil && epochs.figures.reason.contains("in 2 epochs"))
    let other = try compare("a d")
    #expect(other.status == 1 && other.figures.settings == ["seed is 1 and 4"] && other.figures.epoch == nil)
    let text = try run("compare a c")
    #expect(
      text.output.hasPrefix("IDENTICAL: ") && text.output.contains("1 hash exchanged"), "\(text.output)")
    let refereed = try run("compare a d --referee")
    #expect(
      refereed.status == 1 && refereed.output.contains("not the same training")
        && !refereed.output.contains("referee"))
    // The trace is signed too.
    #expect(try run("sign a --new-key key").status == 0)
    let trusted = "verify a --trusted key.pub --signature-only"
    #expect(try run(trusted).status == 0)
    let file = place.file("a/trace")
    var trace = try Data(contentsOf: file)
    trace[trace.count - 1] ^= 1
    try trace.write(to: file)
    let changed = try run(trusted)
    #expect(changed.status == 1 && changed.output.contains("trace has SHA-256"), "\(changed.output)")
    let damaged = try run("verify a")
    #expect(
      damaged.status == 1 && damaged.output.hasPrefix("TAMPERED: ") && damaged.output.contains("another root")
    )
    try Facsimile.expectFailure(["compare", "a", "c"], status: 2, "another root", in: place.url)
    try Facsimile.expectFailure(["compare", "a", "data"], status: 2, "not a run folder", in: place.url)
    for wrong in ["0", "-3", "1000001"] {
      try Facsimile.expectFailure(
        ["train", "vae", "--data", "data", "--trace", wrong], status: 64, "--trace is '\(wrong)'",
        in: place.url)
    }
    try Facsimile.expectFailure(
      ["train", "--resume", "c", "--trace"], status: 64, "--trace cannot", in: place.url)
  }
}
