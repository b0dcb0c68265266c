import Datasets
import Foundation
import Models
import Programs
import Storage
import Study
import TestSupport
import Testing
import Training

@Suite struct RunReportTests {
  /// The report of a run that stopped after `last` of three epochs; nil: after all. It may have lost an epoch's picture.
  private func report(
    _ model: ModelKind, on backend: any Backend, through last: Int? = nil, settings: [(String, String)] = [],
    withoutPicture lost: Int? = nil
  ) throws -> Data {
    let dataset = try Blobs.dataset(train: 120, test: 30)
    return try inFolder { folder in
      let configuration = try Configuration(
        model, settings.map { ($0.0, $0.1) } + [("epochs", "3"), ("batch-size", "16")])
      let trainer = try Trainer(
        configuration, dataset: dataset, backend: backend,
        folder: RunFolder(creating: folder.appendingPathComponent("run")))
      _ = try trainer.fit(through: last)
      let run = try RunFolder(reading: folder.appendingPathComponent("run"))
      if let lost { try FileManager.default.removeItem(at: run.pictureFile(epoch: lost)) }
      let file = try RunReport(run, dataset: dataset, backend: backend, threads: 2).write()
      return try Data(contentsOf: file)
    }
  }

  @Test(arguments: [
    (ModelKind.convAutoencoder, ["loss-trend", "reconstructions", "first-epochs", "latent-tsne", "filters"]),
    (.denoisingAutoencoder, ["loss-trend", "reconstructions", "latent-pca"]),
    (.vae, ["loss-trend", "reconstructions", "latent-tsne", "filters"]),
    (.convVAE, ["reconstructions", "latent-tsne"]), (.classifier, ["loss-trend", "confusion", "filters"]),
  ]) func everyModelHasOne(model: ModelKind, figures: [String]) throws {
    let text = String(decoding: try report(model, on: cpu(2)), as: UTF8.self)
    for figure in figures { #expect(text.contains("id=\"\(figure)\""), "\(figure)") }
    #expect(text.contains("\(model.rawValue) on blobs"))
    #expect(text.contains("id=\"explorer-data\"") == (model != .classifier))
    #expect(!text.contains("It is not finished"))
  }

  @Test(.enabled(if: TestDevices.areWanted)) func everyDeviceGivesTheSameBytes() throws {
    let expected = Fingerprint.hex(of: try report(.convVAE, on: cpu(1)))
    for backend in try TestDevices.openCL() {
      #expect(Fingerprint.hex(of: try report(.convVAE, on: backend)) == expected)
    }
  }

  @Test func anUnfinishedRunSaysSo() throws {
    let text = String(decoding: try report(.convAutoencoder, on: cpu(2), through: 1), as: UTF8.self)
    #expect(text.contains("It is not finished: 1 of 3 epochs are done"))
    let fresh = String(decoding: try report(.convAutoencoder, on: cpu(2), through: 0), as: UTF8.self)
    #expect(fresh.contains("It is not finished: 0 of 3 epochs are done"))
  }

  @Test("Where an epoch's picture is lost, the figure of the first epochs ends before it")
  func aLostPicture() throws {
    func text(_ lost: Int?) throws -> String {
      String(decoding: try report(.convAutoencoder, on: cpu(2), withoutPicture: lost), as: UTF8.self)
    }
    #expect(try text(nil).contains("after epoch 1 to 3"))
    #expect(try text(3).contains("after epoch 1 to 2"))
    let gap = try text(2)
    #expect(gap.contains("The first 1 epochs") && !gap.contains("after epoch 1 to 2"))
    #expect(try !text(1).contains("id=\"first-epochs\""))
  }

  @Test func aCodeOfOneNumberHasNoMap() throws {
    let text = String(
      decoding: try report(.convAutoencoder, on: cpu(2), settings: [("latent", "1")]), as: UTF8.self)
    #expect(!text.contains("id=\"explorer-data\""))
    #expect(text.contains("id=\"reconstructions\""))
  }
}
