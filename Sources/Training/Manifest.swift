import Foundation
import Models
import Numerics
import Programs
import Storage

/// One epoch of a run.
public struct EpochRecord: Codable, Sendable, Equatable {
  /// From 1.
  public let epoch: Int
  /// Mean over the training images, each with the parameters at its step.
  public let trainLoss: Double
  /// Mean over the validation images, after the epoch; nil if there are none.
  public let validationLoss: Double?
  /// All training metrics, by name.
  public let trainMetrics: [String: Double]
  /// All validation metrics, by name.
  public let validationMetrics: [String: Double]
  /// Learning rate of the first step.
  public let learningRate: Double
  /// Seconds of training, without validation.
  public let seconds: Double
  /// Training images per second.
  public let imagesPerSecond: Double
  /// ``ModelState/sha256`` after the epoch.
  public let stateSHA256: String
  /// The device it ran on.
  public let device: String

  enum CodingKeys: String, CodingKey {
    case epoch
    case trainLoss = "train_loss"
    case validationLoss = "validation_loss"
    case trainMetrics = "train_metrics"
    case validationMetrics = "validation_metrics"
    case learningRate = "learning_rate"
    case seconds
    case imagesPerSecond = "images_per_second"
    case stateSHA256 = "state_sha256"
    case device
  }
}

/// The description and history of a run: `manifest.json`.
package struct Manifest: Codable, Sendable, Equatable {
  /// The data of a run.
  package struct Data: Codable, Sendable, Equatable {
    /// Its known name, or the name of the folder.
    package let name: String
    /// The data set's SHA-256.
    package let sha256: String
    /// The folder it was read from; empty if a program gave the images.
    package let source: String
    /// Number of training images.
    package let trainImages: Int
    /// Number of images held out.
    package let validationImages: Int

    enum CodingKeys: String, CodingKey {
      case name, sha256, source
      case trainImages = "train_images"
      case validationImages = "validation_images"
    }
  }

  /// The device of a run.
  package struct Device: Codable, Sendable, Equatable {
    /// The value for `--device`.
    package let identifier: String
    /// Display name.
    package let name: String
    /// `cpu`, `gpu` or `accelerator`.
    package let kind: String
    /// Platform and driver version.
    package let driver: String
  }

  /// The state of a run.
  package enum State: String, Codable, Sendable {
    /// Running, or killed.
    case running
    /// Stopped; can be resumed.
    case interrupted
    /// All epochs are completed.
    case finished
    /// Patience ran out.
    case stoppedEarly = "stopped-early"
    /// A value was not finite.
    case failed
  }

  /// Version of Facsimile.
  package let version: String
  /// The numerics contract that the bits follow.
  package let numericsContract: Int
  package let model: String
  /// The configuration.
  package internal(set) var configuration: Configuration
  /// Random seed.
  package let seed: UInt64
  /// The data.
  package let dataset: Data
  /// The last device it ran on.
  package var device: Device
  /// SHA-256 of the initial parameters.
  package let initialSHA256: String
  /// The state.
  package var state: State
  /// Why it failed.
  package var failure: String?
  /// Epoch of the best loss so far, 0 for none.
  package var bestEpoch: Int
  /// The completed epochs.
  package var epochs: [EpochRecord]
  /// The trace holds every step that is a multiple of this, and the last of each epoch; nil without a trace.
  package internal(set) var traceInterval: Int?
  /// Number of traced steps.
  package internal(set) var traceSteps: Int?
  /// Root of the trace: see ``Trace``.
  package internal(set) var traceSHA256: String?
  /// The processes that trained it, in order; not covered by the hash.
  package internal(set) var sessions: [Session]?
  /// SHA-256 of the file without this line and without ``sessions``.
  var sha256: String?

  enum CodingKeys: String, CodingKey {
    case version
    case numericsContract = "numerics_contract"
    case model, configuration, seed, dataset, device
    case initialSHA256 = "initial_sha256"
    case state, failure
    case bestEpoch = "best_epoch"
    case epochs
    case traceInterval = "trace_interval"
    case traceSteps = "trace_steps"
    case traceSHA256 = "trace_sha256"
    case sessions
    case sha256 = "manifest_sha256"
  }

  /// The text of `manifest.json`, including its SHA-256.
  package func json() throws -> Foundation.Data {
    var manifest = self
    (manifest.sha256, manifest.sessions) = (nil, nil)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    manifest.sha256 = Fingerprint.hex(of: try encoder.encode(manifest))
    manifest.sessions = sessions
    return try encoder.encode(manifest)
  }

  /// Whether the file is intact; removes the hash.
  mutating func isWhole() throws -> Bool {
    let known = sha256
    sha256 = nil
    var manifest = self
    manifest.sessions = nil
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return known == Fingerprint.hex(of: try encoder.encode(manifest))
  }

  init(_ configuration: Configuration, _ data: TrainingData, _ device: DeviceInfo, initial: ModelState) {
    version = Version.number
    numericsContract = contractVersion
    model = configuration.model.rawValue
    self.configuration = configuration
    seed = configuration.seed
    dataset = Data(
      name: data.dataset.name, sha256: data.dataset.sha256, source: data.dataset.source?.path ?? "",
      trainImages: data.train.count, validationImages: data.validation.count)
    self.device = Device(device)
    initialSHA256 = initial.sha256
    state = .running
    bestEpoch = 0
    epochs = []
    sessions = [Session(device, data.dataset)]
  }
}

extension Manifest.Device {
  init(_ device: DeviceInfo) {
    self.init(
      identifier: device.identifier, name: device.name, kind: device.kind.rawValue, driver: device.driver)
  }
}

/// Version of Facsimile.
package enum Version {
  /// Major, minor and patch.
  package static let number = "0.1.0"
}
