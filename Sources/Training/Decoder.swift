import Models
import Numerics
import Programs

/// The part of a trained model after its code: codes in, images (or logits of classes) out.
package final class Decoder {
  private let model: PreparedModel

  /// Puts the model on the device.
  ///
  /// - Throws: `ProgramError`, or the backend's error.
  package init(_ weights: Weights, backend: any Backend) throws {
    model = try PreparedModel(
      weights.configuration, images: 1, evaluation: EvaluationShape(steps: 1, mode: .decode), on: backend)
    try model.write(weights.state)
  }

  /// What the model makes of codes: pixels from 0 to 1 in the order (channel, y, x), or the logits of classes.
  ///
  /// - Throws: `ProgramError` where a code has another width, or the backend's error.
  package func outputs(_ codes: [[Float]]) throws -> [[Float]] {
    try ArithmeticMode.standard { try model.decode(codes) }
  }
}
