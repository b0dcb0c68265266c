import Models
import Numerics
import Programs

/// The decoder of a trained model: codes in, images (or logits of classes) out.
package final class Decoder {
  private let model: PreparedModel

  /// Loads the model on the device.
  ///
  /// - Throws: `ProgramError`, or the backend's error.
  package init(_ weights: Weights, backend: any Backend) throws {
    model = try PreparedModel(
      weights.configuration, images: 1, evaluation: EvaluationShape(steps: 1, mode: .decode), on: backend)
    try model.write(weights.state)
  }

  /// Decodes codes: pixels from 0 to 1 in the order (channel, y, x), or logits of classes.
  ///
  /// - Throws: `ProgramError` if a code has another width, or the backend's error.
  package func outputs(_ codes: [[Float]]) throws -> [[Float]] {
    try ArithmeticMode.standard { try model.decode(codes) }
  }
}
