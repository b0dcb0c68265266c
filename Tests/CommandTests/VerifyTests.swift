import Foundation
import TestSupport
import Testing

/// A run is trained again: reproduced, diverged, tampered with, or inconclusive.
@Suite struct VerifyTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
    let trained = try Facsimile.run(
      [
        "train", "vae", "--data", "data", "--device", "cpu", "--epochs", "3", "--batch-size", "16", "--out",
        "run",
        "--set", "hidden=6", "keep-checkpoints=all",
      ], in: place.url)
    try #require(trained.status == 0, "\(trained.errors)")
  }

  private struct Figures: Decodable {
    let verdict: String
    let reason: String
    let firstEpoch: Int?
    let lastEpoch: Int?
    let divergedEpoch: Int?
    let tensor: String?
  }

  private func verify(_ arguments: [String] = [], run: String = "run", threads: Int = 1) throws -> (
    status: Int32, figures: Figures
  ) {
    let result = try Facsimile.run(
      ["verify", run, "--json", "--device", "cpu", "--threads", "\(threads)"] + arguments, in: place.url)
    return (result.status, try result.json(Figures.self))
  }

  @Test("The same bits, all epochs or some, with any number of threads")
  func reproduced() throws {
    let all = try verify(threads: 2)
    #expect(all.status == 0 && all.figures.verdict == "REPRODUCED", "\(all)")
    #expect(all.figures.firstEpoch == 1 && all.figures.lastEpoch == 3)
    let some = try verify(["--epochs", "2-3"])
    #expect(some.figures.verdict == "REPRODUCED" && some.figures.firstEpoch == 2)
    #expect(try verify(["--epochs", "1"]).figures.lastEpoch == 1)
    for wrong in ["0", "2-4", "3-2", "x", "1-2-3", "-1"] {
      let result = try Facsimile.run(["verify", "run", "--epochs=\(wrong)"], in: place.url)
      #expect(result.status == 64 && result.errors.contains("from 1 to 3"), "\(wrong): \(result.errors)")
    }
  }

  @Test("A run stopped and resumed, from other weights, with patience")
  func others() throws {
    let first = try Facsimile.run(
      [
        "train", "vae", "--data", "data", "--device", "cpu", "--epochs", "2", "--from", "run", "--batch-size",
        "16",
        "--out", "second", "--set", "hidden=6", "patience=1", "learning-rate=0.1",
      ], in: place.url)
    #expect(first.status == 0, "\(first.errors)")
    let found = try verify(run: "second")
    #expect(found.figures.verdict == "REPRODUCED", "\(found)")
  }

  @Test("Data that are missing or others, and imported weights, are inconclusive")
  func inconclusive() throws {
    try FileManager.default.moveItem(at: place.file("data"), to: place.file("elsewhere"))
    let missing = try verify()
    #expect(
      missing.status == 2 && missing.figures.verdict == "INCONCLUSIVE"
        && missing.figures.reason.contains("--data"))
    #expect(try verify(["--data", "elsewhere"]).figures.verdict == "REPRODUCED")
    try place.putDataset(train: 60)
    let others = try verify(["--data", "data"])
    #expect(others.status == 2 && others.figures.reason.contains("SHA-256"), "\(others)")
    let device = try Facsimile.run(
      ["verify", "run", "--data", "elsewhere", "--device", "opencl:9.9"], in: place.url)
    #expect(device.status == 2, "\(device.output)")
  }

  @Test("Every changed byte of every file is found")
  func tampered() throws {
    var random = TestRandom(20)
    let run = place.file("run")
    let names = [
      "config.yaml", "manifest.json", "metrics.csv", "checkpoint.safetensors", "best.safetensors",
      "previous.safetensors", "checkpoints/epoch-002.safetensors",
    ]
    for name in names {
      let file = run.appendingPathComponent(name)
      let whole = try Data(contentsOf: file)
      // Except what the manifest says about processes.
      let sessions = name == "manifest.json" ? whole.range(of: Data("\"sessions\"".utf8))?.lowerBound : nil
      let (header, count) = (min(whole.count, 1500, sessions ?? .max), sessions ?? whole.count)
      for trial in 0..<6 {
        var data = whole
        let place = random.integer(0...(trial < 3 ? header : count) - 1)
        data[place] ^= 1 << UInt8(random.integer(0...7))
        try data.write(to: file)
        let found = try verify(["--epochs", "1"])
        #expect(
          found.status == 1 && found.figures.verdict == "TAMPERED",
          "\(name), byte \(place) of \(data.count): \(found)")
      }
      try FileManager.default.removeItem(at: file)
      if name != "config.yaml", !name.hasPrefix("checkpoints"), name != "previous.safetensors" {
        #expect(try verify(["--epochs", "1"]).figures.verdict == "TAMPERED", "\(name) is missing")
      }
      try whole.write(to: file)
    }
    #expect(try verify(["--epochs", "1"]).figures.verdict == "REPRODUCED")
  }

  @Test("Runs of a folder, a damaged one among them")
  func runs() throws {
    struct Row: Decodable {
      let run: String
      let model: String
      let epochCount: Int
      let bestLoss: Double?
      let state: String
      let problem: String?
    }
    try FileManager.default.copyItem(at: place.file("run"), to: place.file("broken"))
    try Data("{".utf8).write(to: place.file("broken/manifest.json"))
    let listed = try Facsimile.run(["runs", ".", "--json"], in: place.url)
    let rows = try listed.json([Row].self)
    #expect(rows.map(\.run) == ["broken", "run"] && rows.map(\.state) == ["damaged", "finished"])
    #expect(rows[1].model == "vae" && rows[1].epochCount == 3 && rows[1].bestLoss != nil)
    #expect(rows[0].problem?.contains("manifest.json") == true)
    let text = try Facsimile.run(["runs", "."], in: place.url)
    #expect(text.status == 0 && text.output.contains("best loss") && text.output.contains("finished"))
    #expect(try Facsimile.run(["runs", "data"], in: place.url).output == "no runs in data\n")
    #expect(try Facsimile.run(["runs", "missing"], in: place.url).status == 2)
  }
}
