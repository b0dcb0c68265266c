import Models
import Numerics
import Programs

/// The part of a trained model behind its code: codes in, images (or logits of classes) out.
public final class Decoder {
  private let model: LoweredModel
  private let prepared: any PreparedProgram

  /// Puts the model on the device.
  ///
  /// - Throws: `ProgramError`, or the backend's error.
  public init(_ weights: Weights, backend: any Backend) throws {
    model = try LoweredModel(
      weights.configuration, datasetImages: 1, training: nil,
      evaluation: EvaluationShape(steps: 1, mode: .decode))
    prepared = try backend.prepare(model.program)
    try weights.state.write(to: prepared, of: model)
  }

  /// What the model makes of codes: 784 pixels from 0 to 1 each, or the logits of ten classes.
  ///
  /// - Throws: `TrainingError` where a code has another width, or the backend's error.
  public func outputs(_ codes: [[Float]]) throws -> [[Float]] {
    let (batch, shape) = model.code.images!
    guard codes.allSatisfy({ $0.count == shape.count }) else {
      throw TrainingError(.data, "expected codes of \(shape.count) values, as many as the model's latent")
    }
    var results: [[Float]] = []
    for first in stride(from: 0, to: codes.count, by: batch) {
      let part = codes[first..<min(first + batch, codes.count)]
      let padding = [Float](repeating: 0, count: (batch - part.count) * shape.count)
      try prepared.write(ImageLayout.pack(part.flatMap { $0 } + padding, shape, batch: batch), to: model.code)
      let table = model.configuration.evaluationTable(batches: [part.count])
      try prepared.write(table.words, to: model.evaluation.table)
      try prepared.run(.evaluate, step: 0)
      results += try model.reconstructions(prepared, count: part.count)
    }
    return results
  }
}
