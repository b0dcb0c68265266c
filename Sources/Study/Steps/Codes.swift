import Datasets
import Foundation
import Models
import Programs
import Storage
import Training

extension Step {
  /// Codes and losses of the first test images, as the map shows them, and some of them with their reconstructions.
  static func codes(run: String) -> Step {
    Step("codes-\(run)", "codes of \(run)", needs: [run]) { site in
      let images = try site.testImages(site.settings.budget.mapImages)
      let weights = try site.weights(run)
      let found = try Codes(weights, images: images, backend: site.backend)
      site.tensors = try found.file()
      var result = StepResult()
      result.source = try site.result(run).source
      result.measures = ["images": Double(images.count), "mean_loss": found.meanLoss]
      return result
    }
  }
}

/// The data of a map of codes: codes and losses of images, and one code with its decoded image.
struct Codes {
  /// [images][latent].
  let codes: [[Float]]
  /// Of each image.
  let losses: [Float]
  /// The decoded image of the first code, pixels in the order (channel, y, x).
  let decoded: [Float]

  /// Encodes images.
  ///
  /// - Throws: the backend's error.
  init(_ weights: Weights, images: ImageSet, backend: any Backend) throws {
    let evaluator = try Evaluator(weights, images: images, backend: backend, mode: .mean, noise: 0)
    codes = try evaluator.codes()
    losses = try evaluator.losses()
    decoded = try Decoder(weights, backend: backend).outputs([codes[0]])[0]
  }

  /// Reads them from a file.
  ///
  /// - Throws: `SafeTensorsError`.
  init(_ file: SafeTensors) throws {
    let width = try file.tensor("codes").shape[1]
    let values = try file.floats("codes")
    codes = stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    losses = try file.floats("losses")
    decoded = try file.floats("decoded")
  }

  /// The same as a file.
  ///
  /// - Throws: `SafeTensorsError`.
  func file() throws -> SafeTensors {
    var file = SafeTensors()
    try file.add("codes", shape: [codes.count, codes[0].count], floats: codes.flatMap { $0 })
    try file.add("losses", shape: [losses.count], floats: losses)
    try file.add("decoded", shape: [decoded.count], floats: decoded)
    return file
  }

  var meanLoss: Double { losses.reduce(0.0) { $0 + Double($1) } / Double(losses.count) }

  /// The codes themselves as a map, if they have two numbers; else nil.
  func plane(_ name: String) -> Placed? {
    guard codes[0].count == 2 else { return nil }
    return Placed(
      name: name,
      about:
        "The two numbers of each code, without projection, so that a point decodes exactly to its image.",
      points: codes.flatMap { $0 }, keeps: nil,
      inverse: .init(origin: [0, 0], axes: [[1, 0], [0, 1]], isWhole: true))
  }
}
