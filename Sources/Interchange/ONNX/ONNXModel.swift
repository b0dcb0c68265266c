import Foundation
import Models
import Numerics
import Storage
import SwiftProtobuf
import Training

/// A trained model, or a part of it, as an ONNX file (onnx.ai): for inference, so without dropout and noise, and
/// decoding a posterior's mean.
///
/// Values, [batch, …], the batch of any size:
///
/// | name | shape | what |
/// |---|---|---|
/// | `image` | channels, height, width | input: values from 0 to 1, bytes divided by 255 |
/// | `code` | latent | the latent code; a posterior's mean; the input of a decoder |
/// | `logvar` | latent | the logarithm of a posterior's variance |
/// | `reconstruction` | as `image` | pixels from 0 to 1 |
/// | `logits` | as `image`, or classes | the input of the sigmoid or softmax that gives pixels or probabilities |
/// | `probabilities` | classes | of each class |
///
/// Initialisers have the parameters' names and PyTorch's layout. The bytes are a function of weights, configuration and
/// facts alone.
package struct ONNXModel {
  /// The version of ONNX's operator set that is needed.
  package static let operatorSet = 17
  /// The version of the format that came with it.
  private static let formatVersion: Int64 = 8

  /// The file's contents as a message.
  package let message: ONNXModelProto

  /// The model with some weights.
  ///
  /// - Parameters:
  ///   - weights: parameters and their configuration.
  ///   - part: which part.
  ///   - facts: additional metadata by key: hashes of data and state.
  /// - Throws: `InterchangeError` if the model has no such part, `ProgramError` if layers do not fit together.
  package init(_ weights: Weights, part: ModelPart = .model, facts: [String: String] = [:]) throws {
    try part.check(weights.configuration)
    var facts = facts
    facts["model"] = weights.configuration.model.rawValue
    facts["part"] = part.rawValue
    facts["epoch"] = "\(weights.epoch)"
    facts["configuration"] = try weights.configuration.json()
    facts["numerics_contract"] = "\(contractVersion)"
    facts["weights_sha256"] = weights.state.sha256
    message = try .with {
      $0.irVersion = Self.formatVersion
      $0.producerName = "Facsimile"
      $0.producerVersion = Version.number
      $0.opsetImport = [.with { $0.version = Int64(Self.operatorSet) }]
      $0.graph = try ONNXGraph(weights, part: part).message
      $0.metadataProps = facts.sorted { $0.key < $1.key }.map { key, value in
        .with { ($0.key, $0.value) = (key, value) }
      }
    }
  }

  /// Metadata from a run's manifest: `data_sha256`, and `state_sha256` for weights of an epoch.
  package static func facts(_ weights: Weights, _ manifest: Manifest?) -> [String: String] {
    guard let manifest else { return [:] }
    var facts = ["data_sha256": manifest.dataset.sha256]
    if weights.step == 0, let epoch = manifest.epochs.last(where: { $0.epoch == weights.epoch }) {
      facts["state_sha256"] = epoch.stateSHA256
    }
    return facts
  }

  /// The bytes of the file.
  ///
  /// - Throws: `BinaryEncodingError` if they are more than 2 GiB.
  package func data() throws -> Data { try message.serializedData() }

  /// Writes the file atomically.
  ///
  /// - Throws: `FileError`; as ``data()``.
  package func write(to url: URL) throws { try AtomicFile.write(data(), to: url) }
}
