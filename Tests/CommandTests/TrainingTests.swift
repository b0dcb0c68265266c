import Foundation
import TestSupport
import Testing

/// From images to a trained run and back, on the CPU backend with a data set of a hundred images.
@Suite("Training from the command line")
struct TrainingTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
  }

  /// The contents of `manifest.json`.
  private struct Manifest: Decodable {
    struct Epoch: Decodable {
      let epoch: Int
      let stateSha256: String
    }
    let state: String
    let epochs: [Epoch]
  }

  private func manifest(_ run: String) throws -> Manifest {
    let file = place.file("\(run)/manifest.json")
    return try Facsimile.decode(Manifest.self, Data(contentsOf: file))
  }

  private func train(_ arguments: [String]) throws -> Facsimile.Result {
    try Facsimile.run(
      ["train"] + arguments + ["--data", "data", "--device", "cpu", "--batch-size", "16"], in: place.url)
  }

  @Test("A run ends with test figures, its folder and a picture, and can be looked at")
  func wholeWay() throws {
    let trained = try train(["conv-autoencoder", "--epochs", "2", "--out", "run", "--threads", "2"])
    #expect(trained.status == 0, "\(trained.errors)")
    let texts = [
      "device: cpu", "data: data", "epoch 2/2", "test: loss", "run: ", "epoch-002.png", "next: facsimile",
    ]
    for text in texts { #expect(trained.output.contains(text), "\(text) in \(trained.output)") }
    #expect(trained.errors.isEmpty)
    #expect(try manifest("run").state == "finished")

    struct Figures: Decodable {
      let model: String
      let split: String
      let images: Int
      let metrics: [String: Double]
    }
    let evaluated = try Facsimile.run(
      ["evaluate", "run", "--split", "validation", "--device", "cpu", "--json"], in: place.url)
    let figures = try evaluated.json(Figures.self)
    #expect(figures.model == "conv-autoencoder" && figures.split == "validation" && figures.images == 8)
    #expect(figures.metrics["loss"]?.isFinite == true)

    let picture = try Facsimile.run(
      ["reconstruct", "run", "--out", "p.png", "--count", "12", "--device", "cpu"], in: place.url)
    #expect(picture.status == 0, "\(picture.errors)")
    let magic = try Data(contentsOf: place.file("p.png")).prefix(4)
    #expect(magic == Data([0x89, 0x50, 0x4E, 0x47]))

    try Facsimile.expectFailure(
      ["train", "vae", "--data", "data", "--device", "cpu", "--out", "run"], status: 2, "holds a run already",
      in: place.url)
  }

  @Test("Weights go out and come back, and give the same figures")
  func exportAndImport() throws {
    #expect(try train(["vae", "--epochs", "1", "--out", "run", "--set", "latent=3"]).status == 0)
    let written = try Facsimile.run(
      ["export", "run", "--format", "safetensors", "--out", "w.safetensors"], in: place.url)
    #expect(written.status == 0, "\(written.errors)")
    let read = try Facsimile.run(
      ["import", "w.safetensors", "--model", "vae", "--out", "again"], in: place.url)
    #expect(read.status == 0, "\(read.errors)")
    struct Figures: Decodable { let metrics: [String: Double] }
    let figures = try ["run", "again"].map { run in
      let arguments = ["evaluate", run, "--data", "data", "--device", "cpu", "--samples", "3", "--json"]
      return try Facsimile.run(arguments, in: place.url).json(Figures.self).metrics
    }
    #expect(figures[0] == figures[1])
    #expect(
      figures[0].keys.sorted() == [
        "elbo", "kl_divergence", "log-likelihood", "log_likelihood", "loss", "reconstruction",
      ])
    try Facsimile.expectFailure(
      ["import", "w.safetensors", "--model", "conv-vae", "--out", "wrong"], status: 2, "encoder.conv1.weight",
      in: place.url)
    #expect(!FileManager.default.fileExists(atPath: place.path("wrong")))
    try Facsimile.expectFailure(
      ["train", "--resume", "again", "--data", "data"], status: 2, "facsimile train vae --from again",
      in: place.url)
  }

  @Test("A classifier starts from a run of the same shape only")
  func transfer() throws {
    #expect(
      try train(["conv-autoencoder", "--epochs", "1", "--out", "encoder", "--set", "latent=4"]).status == 0)
    let from = ["classifier", "--from", "encoder", "--trainable", "last-2:1,all:1"]
    let fit = try train(from + ["--out", "fit", "--set", "latent=4", "--json"])
    #expect(fit.status == 0, "\(fit.errors)")
    let inherited = try Facsimile.run(
      ["train"] + from + [
        "--out", "inherited", "--set", "latent=4", "--device", "cpu", "--batch-size", "16",
      ],
      in: place.url)
    #expect(inherited.output.contains("data: data"), "the data of the run: \(inherited.errors)")
    #expect(try manifest("inherited").epochs.last?.stateSha256 == manifest("fit").epochs.last?.stateSha256)
    struct Figures: Decodable {
      let state: String
      let epochCount: Int
      let test: [String: Double]
      let stateSha256: String
    }
    let figures = try fit.json(Figures.self)
    #expect(figures.state == "finished" && figures.epochCount == 2 && figures.test["accuracy"] != nil)
    try Facsimile.expectFailure(
      ["train"] + from + ["--data", "data", "--device", "cpu", "--out", "unfit"], status: 2, "latent=4",
      in: place.url)
    #expect(!FileManager.default.fileExists(atPath: place.path("unfit")))
    try Facsimile.expectFailure(
      ["reconstruct", "fit", "--out", "p.png"], status: 64, "classifier", in: place.url)
  }

  @Test("Ctrl-C ends with a checkpoint, and resuming gives the same bits")
  func interrupted() throws {
    // A cosine would depend on the number of epochs.
    let settings = ["conv-autoencoder", "--seed", "3", "--set", "schedule=constant"]
    let stopped = try Facsimile.run(
      ["train", "--data", "data", "--device", "cpu", "--batch-size", "16", "--epochs", "100000"] + settings,
      in: place.url, stop: .interrupt(after: "epoch      2/100000"))
    #expect(stopped.status == 130, "\(stopped.errors)")
    #expect(stopped.errors.contains("facsimile train --resume"))
    let run = "runs/conv-autoencoder-1"
    let before = try manifest(run)
    #expect(before.state == "interrupted" && before.epochs.count >= 2)

    // The number of epochs may be changed when resuming.
    let last = before.epochs.count + 2
    let file = place.file("\(run)/config.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data(text.replacing("epochs: 100000", with: "epochs: \(last)").utf8).write(to: file)
    let resumed = try Facsimile.run(
      ["train", "--resume", run, "--device", "cpu", "--threads", "1"], in: place.url)
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try train(settings + ["--epochs", "\(last)", "--out", "whole"]).status == 0)
    let (parts, whole) = (try manifest(run).epochs, try manifest("whole").epochs)
    #expect(parts.count == last)
    #expect(parts.map(\.stateSha256) == whole.map(\.stateSha256))
  }

  @Test("Runs without --out are numbered")
  func numbered() throws {
    for _ in 0..<2 { #expect(try train(["vae", "--epochs", "1"]).status == 0) }
    let runs = try FileManager.default.contentsOfDirectory(atPath: place.path("runs")).sorted()
    #expect(runs == ["vae-1", "vae-2"])
  }

  @Test("Cross-validation gives mean and deviation over the folds")
  func crossValidation() throws {
    let result = try Facsimile.run(
      [
        "cross-validate", "conv-autoencoder", "--folds", "3", "--epochs", "1", "--data", "data", "--device",
        "cpu",
      ]
        + ["--batch-size", "16", "--json"], in: place.url)
    #expect(result.status == 0, "\(result.errors)")
    struct Figures: Decodable {
      struct Fold: Decodable {
        let trainImages: Int
        let validationImages: Int
        let metrics: [String: Double]
      }
      struct Spread: Decodable {
        let mean: Double
        let standardDeviation: Double
      }
      let folds: [Fold]
      let metrics: [String: Spread]
    }
    let figures = try result.json(Figures.self)
    #expect(figures.folds.map(\.validationImages) == [26, 27, 27])
    #expect(figures.folds.allSatisfy { $0.trainImages + $0.validationImages == 80 })
    let mean = figures.folds.compactMap { $0.metrics["loss"] }.reduce(0, +) / 3
    #expect(abs((figures.metrics["loss"]?.mean ?? 0) - mean) < 1e-12)
    #expect((figures.metrics["loss"]?.standardDeviation ?? 0) > 0)
  }
}
