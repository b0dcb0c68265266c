import Datasets
import Foundation
import Models
import Storage
import TestSupport
import Testing
import Training

enum Support {
  /// Weights of an untrained model: small multiples of 1/1024, the same everywhere.
  static func weights(_ kind: ModelKind, _ settings: [(key: String, value: String)] = []) throws -> Weights {
    let configuration = try Configuration(kind, settings)
    let parameters = try ParameterTable(configuration.architecture).parameters.enumerated().map {
      number, parameter in
      ModelState.Tensor(
        name: parameter.name, shape: parameter.shape.dimensions,
        values: (0..<parameter.shape.count).map { Float(($0 * 37 + number * 101) % 211 - 105) / 1024 })
    }
    return Weights(configuration, ModelState(parameters: parameters), epoch: 3)
  }

  /// Epochs `numbers` of an invented run.
  static func epochs(_ numbers: ClosedRange<Int>) throws -> [EpochRecord] {
    try numbers.map { number in
      let json = """
        {"epoch": \(number), "train_loss": \(1.0 / Double(number)), "validation_loss": 0.1,
          "train_metrics": {"loss": \(1.0 / Double(number)), "kl_divergence": 3.25},
          "validation_metrics": {"loss": 0.1, "elbo": -90.7}, "learning_rate": 0.001, "seconds": 1.5,
          "images_per_second": 100, "state_sha256": "\(number)", "device": "cpu"}
        """
      return try JSONDecoder().decode(EpochRecord.self, from: Data(json.utf8))
    }
  }

  /// A PNG of 3 × 2 gray pixels.
  static let picture = Data(
    base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAA"
      + "DklEQVR42mPg5ORkAGIAAOAAN+RJz/4AAAAASUVORK5CYII=")!

  /// A run folder in `place` with a picture for epoch 1.
  static func run(in place: TemporaryFolder) throws -> RunFolder {
    try place.put("run/config.yaml", Data("model: vae\n".utf8))
    try place.put("run/images/epoch-001.png", picture)
    return try RunFolder(reading: place.file("run"))
  }
}
