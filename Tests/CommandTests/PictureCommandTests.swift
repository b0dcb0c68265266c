import Foundation
import Storage
import TestSupport
import Testing

/// Pictures of runs, from the command line.
@Suite("Pictures from the command line")
struct PictureCommandTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
  }

  private func train(_ model: String, _ out: String, data: String = "data") throws {
    let result = try Facsimile.run(
      [
        "train", model, "--data", data, "--device", "cpu", "--batch-size", "16", "--epochs", "1", "--out",
        out,
      ], in: place.url)
    #expect(result.status == 0, "\(result.errors)")
  }

  private func run(_ arguments: [String]) throws -> Facsimile.Result {
    let result = try Facsimile.run(arguments, in: place.url)
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    return result
  }

  private func hash(_ name: String) throws -> String {
    Fingerprint.hex(of: try Data(contentsOf: place.file(name)))
  }

  @Test("A denoising curve has the same bytes on every device and with any number of threads")
  func denoiseCurve() throws {
    try train("conv-autoencoder", "plain")
    try train("denoising-autoencoder", "denoising")
    let devices =
      [["--device", "cpu", "--threads", "1"], ["--device", "cpu", "--threads", "2"]]
      + (TestDevices.areWanted ? [["--device", "opencl"]] : [])
    for ending in ["svg", "png", "csv"] {
      let hashes = try devices.enumerated().map { index, device in
        let file = "curve\(index).\(ending)"
        let result = try run(["denoise-curve", "plain", "denoising", "--out", file] + device)
        #expect(result.output.contains("denoising-autoencoder") && result.output.contains("curve: \(file)"))
        return try hash(file)
      }
      #expect(Set(hashes).count == 1, "\(ending)")
    }
    let lines = try String(contentsOf: place.file("curve0.csv"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 12 && lines[0] == "noise,conv-autoencoder,denoising-autoencoder")

    struct Figures: Decodable {
      struct Level: Decodable { let noise, meanSquaredError: Double }
      struct Run: Decodable { let model: String; let levels: [Level] }
      let runs: [Run]
    }
    struct Evaluation: Decodable { let metrics: [String: Double] }
    let curve = try Facsimile.run(
      ["denoise-curve", "plain", "--out", "one.svg", "--json", "--device", "cpu"], in: place.url)
    let levels = try curve.json(Figures.self).runs[0].levels
    let evaluated = try Facsimile.run(
      ["evaluate", "plain", "--noise", "0.4", "--json", "--device", "cpu"], in: place.url)
    #expect(levels[4].noise == 0.4)
    #expect(try evaluated.json(Evaluation.self).metrics["loss"] == levels[4].meanSquaredError)
  }

  @Test("Runs and files that do not serve are refused in one line")
  func refused() throws {
    try train("conv-autoencoder", "plain")
    try train("classifier", "classes")
    try place.put("folder.svg/file", Data())
    func expect(_ arguments: [String], _ status: Int32, _ text: String) throws {
      try Facsimile.expectFailure(arguments + ["--device", "cpu"], status: status, text, in: place.url)
    }
    try expect(["denoise-curve", "plain", "--out", "a.gif"], 64, "expected a .png, .svg or .csv file")
    try expect(["denoise-curve", "plain", "--out", "none/a.png"], 2, "there is no folder")
    try expect(["denoise-curve", "plain", "--out", "/proc/a.png"], 2, "cannot create a file in /proc")
    try expect(["denoise-curve", "plain", "--out", "folder.svg"], 2, "it is a folder")
    try expect(["denoise-curve", "classes", "--out", "a.png"], 64, "classes is a classifier")
    try expect(["denoise-curve", "none", "--out", "a.png"], 2, "not a run folder")
    try expect(["reconstruct", "plain", "--out", "a.svg"], 64, "expected a .png file")
    try expect(
      ["reconstruct", "plain", "--out", "a.png", "--noise=-1"], 64, "expected a number from 0 to 10")
    try expect(["evaluate", "plain", "--confusion", "a.svg"], 64, "--confusion needs a classifier")
    try expect(
      ["evaluate", "plain", "--filters", "a.csv"], 64, "--filters is 'a.csv': expected a .png or .svg file")

    // A run that was stopped, and one of other data.
    let half = [
      "train", "vae", "--data", "data", "--device", "cpu", "--out", "half", "--set", "batch-size=1",
      "hidden=4096",
    ]
    #expect(try Facsimile.run(half, in: place.url, stop: .interrupt(after: "run: ")).status == 130)
    try expect(["denoise-curve", "half", "--out", "a.png"], 2, "facsimile train --resume half")
    let source = try TemporaryFolder()
    try source.putDataset(train: 50)
    try train("denoising-autoencoder", "other", data: source.path("data"))
    try expect(["denoise-curve", "plain", "other", "--out", "a.png"], 2, "on other data")
    #expect(!FileManager.default.fileExists(atPath: place.path("a.png")))
  }

  @Test("Reconstructions of every class, with noise between; matrix, losses and filters of a run")
  func pictures() throws {
    try train("conv-autoencoder", "plain")
    try train("classifier", "classes")
    let result = try run(
      [
        "reconstruct", "plain", "--out", "a.png", "--noise", "0.5", "--per-class", "--count", "20",
        "--device", "cpu",
      ])
    #expect(result.output.contains("originals over noisy images over reconstructions"))
    // Three rows for each of two rounds, a column for each of ten classes; tiles of 28 pixels, margins of 2, three
    // times enlarged, and labels on the left.
    let size = try size(of: "a.png")
    #expect(size.width > 3 * (10 * 30 + 2) && size.height == 3 * (6 * 30 + 2))
    for name in ["m.svg", "m.png"] {
      _ = try run([
        "evaluate", "classes", "--confusion", name, "--curves", "c" + name, "--filters", "f" + name,
        "--device", "cpu",
      ])
      for file in [name, "c" + name, "f" + name] {
        #expect(try Data(contentsOf: place.file(file)).count > 500)
      }
    }
    let matrix = try String(contentsOf: place.file("m.svg"), encoding: .utf8)
    #expect(matrix.contains("classifier on data") && matrix.contains("columns: predicted class"))
    _ = try run(["evaluate", "classes", "--confusion", "dark.png", "--dark", "--device", "cpu"])
    #expect(try hash("dark.png") != hash("m.png"))
  }

  /// From the header of a PNG.
  private func size(of name: String) throws -> (width: Int, height: Int) {
    let bytes = try Data(contentsOf: place.file(name))
    func word(_ place: Int) -> Int { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    return (word(16), word(20))
  }
}
