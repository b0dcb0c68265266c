import Foundation
import TestSupport
import Testing

/// Failures end with one line and status 2, and leave nothing behind.
@Suite("Failures")
struct FailureTests {
  private let place: TemporaryFolder

  init() throws { place = try TemporaryFolder() }

  /// An environment in which no data set is found.
  private var nothing: [String: String] {
    ["FACSIMILE_DATA": place.path("none"), "XDG_CACHE_HOME": place.path("none")]
  }

  private func fails(_ arguments: [String], _ text: String, sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    try Facsimile.expectFailure(
      arguments, status: 2, text, in: place.url, environment: nothing, sourceLocation: sourceLocation)
  }

  private func trainFails(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try Facsimile.expectFailure(
      ["train", "vae", "--data", "data", "--device", "cpu", "--out", "run"], status: 2, text, in: place.url,
      sourceLocation: sourceLocation)
    #expect(!FileManager.default.fileExists(atPath: place.path("run")), sourceLocation: sourceLocation)
  }

  @Test("Missing data")
  func missingData() throws {
    try fails(["data", "inspect", "mnist"], "data set mnist not found, looked in")
    try fails(["train", "vae", "--data", "mnist"], "FACSIMILE_DATA")
    try fails(["train", "vae", "--data", "cifar"], "no data set 'cifar': expected one of mnist")
    try fails(["train", "vae", "--data", place.path("nowhere")], "existing folder of images")
    #expect(try Facsimile.run(["data", "list", "--json"], environment: nothing).status == 0)
  }

  @Test("Damaged data")
  func damagedData() throws {
    try place.putDataset()
    let images = "data/train-images-idx3-ubyte"
    let labels = "data/train-labels-idx1-ubyte"
    let good = try Data(contentsOf: place.file(images))
    let classes = try Data(contentsOf: place.file(labels))
    for (file, data, text) in [
      (images, Data(good.prefix(1000)), images), (images, good + Data([0]), images),
      (images, Data([1, 2, 3, 4]) + good.dropFirst(4), images), (images, Data([0x1F, 0x8B, 8, 0]), images),
      (labels, idx(0x801, [79], [UInt8](repeating: 1, count: 79)), "79"),
    ] {
      try place.put(images, good)
      try place.put(labels, classes)
      try place.put(file, data)
      try trainFails(text)
    }
    try place.put(labels, classes)
    try FileManager.default.removeItem(atPath: place.path(images))
    try trainFails("train-images-idx3-ubyte")
  }

  @Test("Images without labels train an autoencoder, but no classifier")
  func noLabels() throws {
    try place.putDataset(labels: false)
    func train(_ model: String) -> [String] {
      ["train", model, "--data", "data", "--device", "cpu", "--epochs", "1", "--out", "new/\(model)"]
    }
    try Facsimile.expectFailure(
      train("classifier"), status: 2, "data has no labels: a classifier needs a class", in: place.url)
    #expect(!FileManager.default.fileExists(atPath: place.path("new")), "no folder on the way stays either")
    #expect(try Facsimile.run(train("vae"), in: place.url).status == 0)
  }

  @Test("A class without training images is nothing to an autoencoder, but stops a classifier")
  func emptyClass() throws {
    try place.putDataset()
    let classes = (0..<80).map { UInt8($0 % 10 == 3 ? 4 : $0 % 10) }
    try place.put("data/train-labels-idx1-ubyte", idx(0x801, [80], classes))
    func train(_ model: String) -> [String] {
      ["train", model, "--data", "data", "--device", "cpu", "--epochs", "1", "--out", "new/\(model)"]
    }
    try Facsimile.expectFailure(
      train("classifier"), status: 2, "data has 10 classes, but no training image of class 3", in: place.url)
    #expect(try Facsimile.run(train("vae"), in: place.url).status == 0)
  }

  @Test("A run does not say of other data what it was trained on")
  func otherData() throws {
    try place.putDataset()
    let train = ["train", "vae", "--data", "data", "--device", "cpu", "--epochs", "1", "--out", "run"]
    #expect(try Facsimile.run(train, in: place.url).status == 0)
    try place.putDataset(train: 90)
    try Facsimile.expectFailure(
      ["evaluate", "run", "--device", "cpu"], status: 2, "was trained on data of SHA-256", in: place.url)
    let named = try Facsimile.run(["evaluate", "run", "--device", "cpu", "--data", "data"], in: place.url)
    #expect(named.status == 0, "\(named.errors)")
  }

  @Test("A foreign folder is not touched")
  func foreignFolder() throws {
    try place.putDataset()
    try FileManager.default.createDirectory(atPath: place.path("project"), withIntermediateDirectories: true)
    try place.put("project/config.yaml", Data("mine: 1\n".utf8))
    try Facsimile.expectFailure(
      ["train", "vae", "--data", "data", "--device", "cpu", "--out", "project"], status: 2,
      "holds a run already",
      in: place.url)
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.path("project")) == ["config.yaml"])
    try Facsimile.expectFailure(
      ["train", "vae", "--data", "data", "--device", "cpu", "--out", ""], status: 64, "--out is empty",
      in: place.url)
  }

  @Test("Folders that are not runs")
  func noRun() throws {
    try FileManager.default.createDirectory(atPath: place.path("empty"), withIntermediateDirectories: true)
    for run in ["empty", "nowhere"] {
      try fails(["train", "--resume", run], "is not a run folder: it has no config.yaml")
      try fails(["evaluate", run], "is not a run folder")
      try fails(["reconstruct", run, "--out", "p.png"], "is not a run folder")
      try fails(["export", run, "--format", "safetensors", "--out", "x"], "is not a run folder")
    }
    #expect(!FileManager.default.fileExists(atPath: place.path("nowhere")))
    try Facsimile.expectFailure(
      ["train", "--resume", "empty", "--seed", "3"], status: 64, "--seed cannot be given", in: place.url)
  }

  @Test("Files that are not weights")
  func noWeights() throws {
    try place.put("w.safetensors", Data("not tensors at all".utf8))
    try fails(["import", "w.safetensors", "--model", "vae", "--out", "run"], "w.safetensors")
    try fails(["import", "nowhere.safetensors", "--model", "vae", "--out", "run"], "nowhere.safetensors")
    #expect(!FileManager.default.fileExists(atPath: place.path("run")))
  }

  @Test("A learning rate that ends in NaN names step and tensor")
  func notFinite() throws {
    try place.putDataset()
    let result = try Facsimile.run(
      ["train", "conv-autoencoder", "--data", "data", "--device", "cpu", "--out", "run", "--epochs", "3"]
        + ["--batch-size", "16", "--set", "learning-rate=100", "optimizer=sgd", "loss=mean-squared-error"]
        + ["weight-decay=10"], in: place.url)
    #expect(result.status == 2, "\(result.output)")
    #expect(result.errors.contains(/not finite in step \d+ of epoch \d+/), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1)
  }
}
