import Foundation
import Pictures
import TestSupport
import Testing

@Suite("Memory for images, and packed files, from the command line")
struct DataMemoryTests {
  private let place: TemporaryFolder

  init() throws { place = try TemporaryFolder() }

  private func states(_ run: String) throws -> [String] {
    struct Manifest: Decodable {
      struct Epoch: Decodable { let stateSha256: String }
      let epochs: [Epoch]
    }
    return try Facsimile.decode(Manifest.self, Data(contentsOf: place.file("\(run)/manifest.json"))).epochs
      .map(\.stateSha256)
  }

  private func train(_ out: String, _ arguments: [String]) throws -> [String] {
    let result = try Facsimile.run(
      ["train", "vae", "--epochs", "2", "--out", out, "--device", "cpu", "--set", "hidden=8"] + arguments,
      in: place.url)
    #expect(result.status == 0, "\(result.errors)")
    return try states(out)
  }

  @Test("A budget changes no bit of a run, of its figures, or of folds")
  func budget() throws {
    try place.putDataset(train: 700)
    let resident = try train("a", ["--data", "data"])
    #expect(try train("b", ["--data", "data", "--data-memory", "1kB"]) == resident)
    #expect(try train("c", ["--data", "data", "--data-memory", "1 GiB"]) == resident)
    let configurations = try ["a", "b"].map { try Data(contentsOf: place.file("\($0)/config.yaml")) }
    #expect(configurations[0] == configurations[1])
    for command in [
      ["evaluate", "a", "--split", "train", "--json"],
      [
        "cross-validate", "vae", "--folds", "2", "--epochs", "1", "--data", "data", "--json", "--set",
        "hidden=8",
      ],
    ] {
      let outputs = try [[], ["--data-memory", "100000"]].map {
        try Facsimile.run(command + ["--device", "cpu"] + $0, in: place.url)
      }
      let figures = outputs.map { $0.output.split(separator: "\n").filter { !$0.contains("\"seconds\"") } }
      #expect(outputs[0].status == 0 && figures[0] == figures[1], "\(outputs[1].errors)")
    }
  }

  @Test("A packed folder trains as the folder does; the run is resumed from the file")
  func packed() throws {
    for number in 0..<40 {
      let pixels = (0..<256).map { UInt8(truncatingIfNeeded: number * 9 + $0) }
      try place.put(
        "my pictures/\(number % 2)/\(number).png",
        Picture(channels: 1, width: 16, height: 16, pixels: pixels).pngData())
    }
    let packed = try Facsimile.run(["data", "pack", "my pictures", "--out", "p.idx"], in: place.url)
    #expect(packed.status == 0 && packed.output.contains("40 images of 1×16×16"), "\(packed.errors)")
    let expected = try train("a", ["--data", "my pictures"])
    #expect(try train("b", ["--data", "p.idx", "--data-memory", "1MB"]) == expected)
    let longer = try Facsimile.run(
      ["train", "--resume", "b", "--epochs", "3", "--device", "cpu"], in: place.url)
    #expect(longer.status == 0, "\(longer.errors)")
    #expect(try states("b").count == 3)
    let figures = try Facsimile.run(["data", "pack", "p.idx", "--out", "q.idx", "--json"], in: place.url)
    #expect(
      figures.output.contains("\"images\" : 40") || figures.output.contains("\"images\": 40"),
      "\(figures.output)")
  }

  @Test("Bad sizes and places are one line", arguments: ["0", "-3", "1.5GB", "2XB", "GB", "1e9", "٣"])
  func refusals(_ size: String) throws {
    try Facsimile.expectFailure(
      ["train", "vae", "--data", "data", "--data-memory=\(size)"], status: 64,
      "--data-memory is '\(size)': expected a positive whole number of bytes", in: place.url)
  }

  @Test("A place that cannot be written, or a folder without images")
  func places() throws {
    try place.put("a/readme.txt", Data("no picture".utf8))
    try Facsimile.expectFailure(
      ["data", "pack", "a", "--out", "none/p.idx"], status: 2, "there is no folder", in: place.url)
    try Facsimile.expectFailure(
      ["data", "pack", "a", "--out", "p.idx"], status: 2, "holds no images", in: place.url)
    try Facsimile.expectFailure(["data", "pack", "a"], status: 64, "--out", in: place.url)
  }
}
