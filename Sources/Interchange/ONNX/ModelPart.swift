import Models

/// The part of a model that a file holds.
package enum ModelPart: String, CaseIterable, Sendable {
  /// Everything: images in; out come what the decoder makes of their codes, and the codes.
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

  /// - Throws: `InterchangeError` where the model has no such part.
  func check(_ configuration: Configuration) throws {
    let parts = Self.parts(of: configuration)
    guard !parts.contains(self) else { return }
    throw InterchangeError(
      "a \(configuration.model.rawValue) has no \(rawValue): expected one of "
        + parts.map(\.rawValue).joined(separator: ", "))
  }
}
