import Datasets
import Models
import Pictures
import Programs
import Training

/// How noise on the images affects a model's reconstructions of the clean ones.
package struct NoiseCurve: Sendable, Equatable {
  /// The error at one factor of noise.
  package struct Level: Sendable, Equatable, Codable {
    /// Factor of the standard normal noise that every pixel gets.
    package let noise: Double
    /// Mean over all pixels of (reconstruction − clean image)².
    package let meanSquaredError: Double
  }

  /// What the model is called.
  package let name: String
  /// Errors by increasing noise.
  package let levels: [Level]

  /// 0, 0.1, …, 1.
  package static let factors = (0...10).map { Double($0) / 10 }

  /// Measures a model, as `evaluate --noise` does.
  ///
  /// If the loss is the mean squared error, it is that loss. For a variational autoencoder the mean of the posterior is
  /// decoded, and the errors are summed here.
  ///
  /// Determinism: double, images in ascending order, a sum for each, then the sum of those.
  ///
  /// - Parameters:
  ///   - weights: an autoencoder.
  ///   - name: the model's name.
  ///   - images: the images to evaluate on.
  ///   - factors: factors of the noise.
  ///   - backend: the device.
  /// - Throws: `TrainingError` for a classifier, or if the images do not fit; the backend's error.
  package init(
    _ weights: Weights, name: String, images: ImageSet, factors: [Double] = Self.factors, backend: any Backend
  ) throws {
    try weights.requireImages()
    self.name = name
    levels = try factors.map { noise in
      Level(noise: noise, meanSquaredError: try weights.error(noise, images, backend))
    }
  }

  /// The curves of several models in one chart.
  package static func chart(_ curves: [NoiseCurve], title: String = "", description: String = "") -> LineChart
  {
    LineChart(
      title: title, description: description, x: Axis("noise factor"),
      y: Axis("mean squared error per pixel", includesZero: true),
      series: curves.map { curve in
        .init(curve.name, curve.levels.map { Point($0.noise, $0.meanSquaredError) }, isMarked: true)
      })
  }

  /// The curves as comma-separated values: a line for each factor, a column for each model.
  package static func csv(_ curves: [NoiseCurve]) -> String {
    func cell(_ text: String) -> String {
      text.contains { ",\"\n\r".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
    let header = ["noise"] + curves.map { cell($0.name) }
    let rows = (curves.first?.levels ?? []).enumerated().map { place, level in
      ["\(level.noise)"] + curves.map { "\($0.levels[place].meanSquaredError)" }
    }
    return ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
  }
}

extension Weights {
  /// Throws: `TrainingError` for a classifier.
  func requireImages() throws {
    guard configuration.classifies else { return }
    throw TrainingError(.model, "a classifier makes no images: this needs an autoencoder")
  }

  fileprivate func error(_ noise: Double, _ images: ImageSet, _ backend: any Backend) throws -> Double {
    if configuration.loss == .meanSquaredError {
      let evaluation = try Evaluator(self, images: images, backend: backend, noise: noise).evaluate()
      return evaluation.metrics["loss"] ?? .nan
    }
    let evaluator = try Evaluator(self, images: images, backend: backend, mode: .mean, noise: noise)
    var sum = 0.0
    for (index, output) in try evaluator.outputs().enumerated() {
      var own = 0.0
      for (made, clean) in zip(output, images.image(index)) {
        let difference = Double(made) - Double(clean) / 255
        own += difference * difference
      }
      sum += own
    }
    return sum / Double(images.count * images.shape.count)
  }
}
