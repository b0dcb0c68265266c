import Models

/// The exported part of a model.
package enum ModelPart: String, CaseIterable, Sendable {
  /// The whole model: images in, reconstructions and codes out.
  case model
  /// Images in, codes out.
  case encoder
  /// Codes in, images out.
  case decoder
  /// Images in, logits and probabilities of classes out.
  case classifier

  /// The parts that models of this kind have.
  package static func parts(of configuration: Configuration) -> [ModelPart] {
    allCases.filter { $0 != (configuration.classifies ? .decoder : .classifier) }
  }

  /// - Throws: `InterchangeError` if the model has no such part.
  func check(_ configuration: Configuration) throws {
    let parts = Self.parts(of: configuration)
    guard !parts.contains(self) else { return }
    throw InterchangeError(
      "a \(configuration.model.rawValue) has no \(rawValue): expected one of "
        + parts.map(\.rawValue).joined(separator: ", "))
  }
}
