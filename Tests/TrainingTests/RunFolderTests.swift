import Foundation
import Models
import Pictures
import Storage
import TestSupport
import Testing
import Training

@Suite struct RunFolderTests {
  @Test func filesOfARun() throws {
    try inFolder { url in
      let configuration = try Support.configuration(.convVAE)
      let dataset = try Support.dataset()
      let folder = try RunFolder(creating: url)
      let trainer = try Trainer(configuration, dataset: dataset, backend: Support.backend(), folder: folder)
      _ = try trainer.fit()
      #expect(try folder.configuration() == trainer.configuration)
      #expect(trainer.configuration.texts["image"] == "1x28x28" && configuration.texts["image"] == "data")

      let manifest = try folder.manifest()
      #expect(manifest == trainer.manifest)
      #expect(manifest.state == .finished && manifest.dataset.sha256 == dataset.sha256)
      #expect(manifest.dataset.trainImages == 198 && manifest.dataset.validationImages == 22)
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: folder.manifestFile)) as? [String: Any])
      for key in ["version", "model", "configuration", "dataset", "device", "seed", "numerics_contract"] {
        #expect(json[key] != nil, "\(key)")
      }
      let epoch = try #require((json["epochs"] as? [[String: Any]])?.first)
      for key in [
        "epoch", "train_loss", "validation_loss", "seconds", "images_per_second", "state_sha256",
      ] {
        #expect(epoch[key] != nil, "\(key)")
      }

      let rows = try String(contentsOf: folder.metricsFile, encoding: .utf8).split(separator: "\n")
      #expect(rows.count == 4)
      #expect(rows[0].hasPrefix("epoch,train_loss,validation_loss,learning_rate"))
      #expect(rows[0].contains("validation_elbo"))
      for number in 1...3 {
        let picture = try Picture(contentsOf: folder.pictureFile(epoch: number))
        #expect(picture.width > 10 * 28 && picture.height > 2 * 28)
      }
      let names = try SafeTensors(contentsOf: folder.checkpointFile).names
      #expect(names.contains("encoder.mu.weight") && names.contains("optimizer.v.decoder.convt3.bias"))
      #expect(try SafeTensors(contentsOf: folder.bestFile).names.allSatisfy { !$0.hasPrefix("optimizer") })
    }
  }

  @Test func yaml() throws {
    let text = """
      model: vae       # which
      hidden: [32, 16]
      learning-rate: 1e-3
      trainable: last-2:5,all:10
      """
    let configuration = try Configuration(pairs: ConfigurationFile.pairs(text))
    #expect(configuration.hidden == [32, 16] && configuration.totalEpochs == 15)
    #expect(
      try Configuration(pairs: ConfigurationFile.pairs(ConfigurationFile.text(configuration)))
        == configuration)
    for bad in ["- a\n- b", "model: vae\nhidden: {a: 1}", "model: [", "learning-rate: 1"] {
      #expect(throws: ConfigurationError.self) { try Configuration(pairs: ConfigurationFile.pairs(bad)) }
    }
  }

  @Test func aFolderThatIsNone() {
    let error = #expect(throws: TrainingError.self) {
      try RunFolder(reading: URL(fileURLWithPath: "/nonexistent/run"))
    }
    #expect(error?.description == "/nonexistent/run is not a run folder: it has no config.yaml")
  }

  @Test("Weights come back from a file", arguments: ModelKind.allCases)
  func importing(_ kind: ModelKind) throws {
    let trainer = try Trainer(
      Support.configuration(kind), dataset: Support.dataset(), backend: Support.backend())
    let weights = Weights(trainer.configuration, try trainer.checkpoint().state, epoch: 0)
    var file = try weights.file()
    #expect(try Weights(importing: file, model: kind) == weights)
    file.metadata = [:]
    let bare = try Weights(importing: file, model: kind)
    #expect(bare.state == weights.state && bare.configuration.hidden == [16])
    try file.add("surprise", shape: [1], floats: [0])
    let error = #expect(throws: TrainingError.self) { try Weights(importing: file, model: kind) }
    #expect(error?.description.contains("has no tensor 'surprise'") == true)
  }
}
