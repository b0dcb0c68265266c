import Foundation
import TestSupport
import Testing

/// `facsimile generate` on runs of a hundred images.
@Suite("Making images from the command line")
struct GenerateTests {
  /// The data, and a run of either kind, trained once.
  fileprivate static let trained: Result<TemporaryFolder, any Error> = Result {
    let place = try TemporaryFolder()
    atexit { try? FileManager.default.removeItem(at: GenerateTests.trained.get().url) }
    try place.putDataset()
    for (run, model) in [("plain", "conv-autoencoder"), ("vae", "vae")] {
      let trained = try Facsimile.run(
        ["train", model, "--data", "data", "--device", "cpu", "--out", run, "--epochs", "2"]
          + ["--batch-size", "16", "--set", "latent=2"], in: place.url)
      try #require(trained.status == 0, "\(trained.errors)")
    }
    return place
  }

  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    for name in ["data", "plain", "vae"] {
      try FileManager.default.copyItem(at: Self.trained.get().file(name), to: place.file(name))
    }
  }

  /// Classifiers are cached here, not in the user's folder.
  private var environment: [String: String] { ["XDG_CACHE_HOME": place.path("cache")] }

  private func generate(_ arguments: [String], device: String = "cpu") throws -> Facsimile.Result {
    let result = try Facsimile.run(
      ["generate"] + arguments + ["--device", device], in: place.url, environment: environment)
    #expect(result.status == 0, "\(arguments): \(result.errors)")
    return result
  }

  private func png(_ name: String) throws -> Data {
    let data = try Data(contentsOf: place.file(name))
    #expect(data.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
    return data
  }

  @Test(
    "Every sampler makes a picture",
    arguments: [
      ("plain", "gaussian"), ("plain", "mixture"), ("plain", "uniform"), ("vae", "prior"),
      ("vae", "two-stage"),
      ("vae", "gaussian"), ("vae", "mixture"), ("vae", "uniform"),
    ])
  func samplers(_ run: String, _ sampler: String) throws {
    let arguments = [run, "--out", "p.png", "--count", "7", "--sampler", sampler]
    let result = try generate(arguments)
    #expect(result.output.contains("7 images, sampler \(sampler)"))
    let first = try png("p.png")
    _ = try generate(arguments + ["--threads", "3"])
    #expect(try png("p.png") == first)
    _ = try generate(arguments + ["--seed", "1"])
    #expect(try png("p.png") != first)
  }

  @Test(
    "Grid, interpolation and the usual samplers; OpenCL gives the same files",
    .enabled(if: TestDevices.areWanted))
  func devices() throws {
    for (name, arguments) in [
      ("grid", ["vae", "--grid", "--count", "4"]),
      ("line", ["plain", "--interpolate", "0", "5", "--count", "3"]),
      ("ends", ["vae", "--interpolate", "2", "2"]), ("plain", ["plain"]), ("vae", ["vae"]),
    ] {
      _ = try generate(arguments + ["--out", "\(name).png"])
      let expected = try png("\(name).png")
      _ = try generate(arguments + ["--out", "\(name)-2.png"], device: "opencl")
      #expect(try png("\(name)-2.png") == expected, "\(name)")
    }
  }

  @Test("Samples are judged")
  func score() throws {
    struct Figures: Decodable {
      struct Score: Decodable {
        let samples: Int
        let realImages: Int
        let frechetDistance: Double
        let precision: Double
        let recall: Double
        let classShares: [Double]
        let classBalance: Double
      }
      struct Classifier: Decodable {
        let sha256: String
        let isPinned: Bool
      }
      let sampler: String
      let components: Int?
      let outSha256: String
      let score: Score?
      let classifier: Classifier?
    }
    let arguments = ["plain", "--out", "p.png", "--sampler", "mixture", "--components", "2", "--score"]
    let figures = try generate(arguments + ["--json"]).json(Figures.self)
    let (score, classifier) = (try #require(figures.score), try #require(figures.classifier))
    #expect(figures.sampler == "mixture" && figures.components == 2 && figures.outSha256.count == 64)
    #expect(score.samples == 10_000 && score.realImages == 30 && score.frechetDistance > 0)
    #expect((0...1).contains(score.precision) && (0...1).contains(score.recall))
    #expect(score.classShares.count == 10 && (0...1).contains(score.classBalance) && !classifier.isPinned)
    #expect(try generate(arguments).output.contains(classifier.sha256))
    let plain = try generate(["plain", "--out", "p.png", "--json"]).json(Figures.self)
    #expect(plain.score == nil && plain.sampler == "gaussian" && plain.components == nil)
  }

  @Test("Impossible requests fail with a reason, and nothing is written")
  func refusals() throws {
    let wrong: [([String], Int32, String)] = [
      (["plain", "--sampler", "prior"], 64, "has no prior"),
      (["plain", "--sampler", "two-stage"], 64, "has no posterior"),
      (["plain", "--sampler", "best"], 64, "best"),
      (["plain", "--grid"], 64, "needs a variational autoencoder of two latent values"),
      (["plain", "--components", "3"], 64, "the sampler is gaussian"),
      (["vae", "--sampler", "mixture", "--components", "73"], 2, "73 components for 72 training images"),
      (["vae", "--grid", "--score"], 64, "--score applies to samples"),
      (["vae", "--grid", "--interpolate", "1", "2"], 64, "not both"),
      (["vae", "--interpolate", "1"], 64, "expected two test images"),
      (["vae", "--interpolate", "1", "30"], 64, "numbered from 0"),
      (["vae", "--interpolate", "1", "2", "--count", "1"], 64, "--count is 1"),
      (["vae", "--count", "0"], 64, "--count is 0"),
      (["data"], 2, "is not a run folder"),
    ]
    for (arguments, status, text) in wrong {
      // With --json the device is printed to standard error, so standard output is empty.
      let result = try Facsimile.run(
        ["generate"] + arguments + ["--out", "p.png", "--device", "cpu", "--json"], in: place.url,
        environment: environment)
      #expect(result.status == status && result.output.isEmpty, "\(arguments): \(result.errors)")
      #expect(result.errors.contains(text), "\(arguments): \(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: place.path("p.png")))
    }
    try Facsimile.expectFailure(
      ["generate", "vae", "--out", "p.jpg"], status: 64, "expected a .png file", in: place.url)
    let nowhere = try Facsimile.run(
      ["generate", "vae", "--out", "nowhere/p.png", "--device", "cpu"], in: place.url)
    #expect(nowhere.status == 2 && nowhere.errors.contains("nowhere/p.png"))
  }

  @Test("A classifier's run makes no images; data without classes have no score")
  func otherRuns() throws {
    let trained = try Facsimile.run(
      ["train", "classifier", "--data", "data", "--device", "cpu", "--out", "fit", "--epochs", "1"],
      in: place.url)
    #expect(trained.status == 0, "\(trained.errors)")
    try Facsimile.expectFailure(
      ["generate", "fit", "--out", "p.png"], status: 64, "gives classes and makes no images", in: place.url)
    let bare = try TemporaryFolder()
    try bare.putDataset(labels: false)
    let result = try Facsimile.run(
      ["generate", "vae", "--data", bare.path("data"), "--out", "p.png", "--device", "cpu", "--score"],
      in: place.url)
    #expect(result.status == 2 && result.errors.contains("has no classes"), "\(result.errors)")
  }
}
