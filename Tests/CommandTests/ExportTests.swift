import Foundation
import Interchange
import Storage
import TestSupport
import Testing

/// What `export` writes for other programs, and what it rejects.
@Suite("Export from the command line")
struct ExportTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
  }

  private func run(_ arguments: [String]) throws -> Facsimile.Result {
    let result = try Facsimile.run(arguments, in: place.url)
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  private func train(_ model: String, _ more: [String] = []) throws {
    _ = try run(
      ["train", model, "--data", "data", "--device", "cpu", "--epochs", "2", "--batch-size", "16"]
        + ["--out", "run"] + more)
  }

  private func export(_ format: String, _ out: String, _ more: [String] = []) -> [String] {
    ["export", "run", "--format", format, "--out", out] + more
  }

  private func contents(_ name: String) throws -> Data { try Data(contentsOf: place.file(name)) }

  @Test("An ONNX model names hashes of data and state, and no path")
  func onnx() throws {
    try train("vae", ["--set", "hidden=8"])
    #expect(
      try run(export("onnx", "vae.onnx")).output.contains("image → reconstruction, logits, code, logvar"))
    let model = try ONNXModelProto(serializedBytes: contents("vae.onnx"))
    let facts = Dictionary(uniqueKeysWithValues: model.metadataProps.map { ($0.key, $0.value) })
    struct Manifest: Decodable {
      struct Data: Decodable { let sha256: String }
      struct Epoch: Decodable { let stateSha256: String }
      let dataset: Data, bestEpoch: Int, epochs: [Epoch]
    }
    let manifest = try Facsimile.decode(Manifest.self, contents("run/manifest.json"))
    #expect(facts["data_sha256"] == manifest.dataset.sha256)
    #expect(facts["state_sha256"] == manifest.epochs[manifest.bestEpoch - 1].stateSha256)
    #expect(facts.values.allSatisfy { !$0.contains("/") })
    _ = try run(export("onnx", "again.onnx"))
    #expect(try contents("vae.onnx") == contents("again.onnx"))
  }

  @Test("Events that grow with a run, stopped and resumed, are those that export writes")
  func events() throws {
    let train = [
      "train", "vae", "--data", "data", "--device", "cpu", "--batch-size", "4", "--set", "hidden=8",
      "--epochs",
      "60",
    ]
    let stopped = try Facsimile.run(
      train + ["--tensorboard", "--out", "run"], in: place.url, stop: .interrupt(after: "epoch  3/60"))
    #expect(stopped.status == 130, "\(stopped.errors)")
    _ = try run(["train", "--resume", "run", "--device", "cpu"])
    _ = try run(export("tensorboard", "logs/run"))
    #expect(try contents("run/\(EventFile.name)") == contents("logs/run/\(EventFile.name)"))
    // The same run elsewhere, without events during training.
    _ = try run(train + ["--threads", "1", "--out", "other"])
    #expect(!FileManager.default.fileExists(atPath: place.path("other/\(EventFile.name)")))
    _ = try run(["export", "other", "--format", "tensorboard", "--out", "logs/other"])
    #expect(try contents("logs/run/\(EventFile.name)") == contents("logs/other/\(EventFile.name)"))
  }

  @Test("Codes of the test images for the projector and as a table")
  func points() throws {
    try train("classifier", ["--set", "filters=4"])
    _ = try run(export("projector", "projector", ["--device", "cpu", "--count", "12"]))
    let metadata = String(decoding: try contents("projector/metadata.tsv"), as: UTF8.self)
    #expect(metadata.hasPrefix("index\tlabel\n0\t0\n1\t7\n") && metadata.split(separator: "\n").count == 13)
    _ = try run(export("parquet", "codes.parquet", ["--device", "cpu", "--split", "train"]))
    #expect(try contents("codes.parquet").prefix(4) == Data("PAR1".utf8))
  }

  @Test("Impossible exports fail with one line")
  func refusals() throws {
    try train("conv-autoencoder", ["--set", "filters=4"])
    func fails(
      _ arguments: [String], _ status: Int32, _ text: String,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      try Facsimile.expectFailure(
        arguments, status: status, text, in: place.url, sourceLocation: sourceLocation)
    }
    try fails(export("onx", "x"), 64, "): expected one of safetensors, onnx")
    try fails(export("onx", "x"), 64, "(did you mean onnx?)")
    try fails(
      export("pickles", "x"), 64, "expected one of safetensors, onnx, tensorboard, projector, parquet")
    try fails(export("onnx", "x", ["--part", "encode"]), 64, "(did you mean encoder?)")
    try fails(
      export("onnx", "x", ["--part", "classifier"]), 2,
      "a conv-autoencoder has no classifier: expected one of model, encoder, decoder")
    try fails(export("tensorboard", "x", ["--part", "encoder"]), 64, "--part does not apply to --format")
    try fails(export("onnx", "x", ["--count", "3"]), 64, "--count does not apply to --format onnx")
    try fails(export("projector", "x", ["--count", "1"]), 64, "--count is 1: expected a whole number from 2")
    try fails(export("onnx", ""), 64, "--out is empty")
    try fails(export("onnx", "nowhere/x.onnx"), 2, "cannot write nowhere/x.onnx: there is no folder")
    try fails(export("tensorboard", "data/train-images-idx3-ubyte"), 2, "cannot make the folder")
    try fails(export("projector", "run/config.yaml", ["--device", "cpu"]), 2, "cannot make the folder")
    #expect(!FileManager.default.fileExists(atPath: place.path("x")))
    // Like a run that was stopped in its first epoch.
    try FileManager.default.removeItem(at: place.file("run"))
    let stopped = try Facsimile.run(
      [
        "train", "vae", "--data", "data", "--device", "cpu", "--out", "run", "--set", "batch-size=1",
        "hidden=4096",
      ],
      in: place.url, stop: .interrupt(after: "run: "))
    #expect(stopped.status == 130, "\(stopped.errors)")
    try fails(export("tensorboard", "x"), 2, "run has not completed an epoch")
  }
}
