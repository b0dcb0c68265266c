import Foundation
import Models
import Storage
import Training

/// A trained model on a device: encodes, decodes, samples, classifies and evaluates images.
///
/// Every call loads model and images on the device again, so pass many images at once.
///
/// Determinism: every result has the same bits on every device and any number of threads, and the result for an
/// image does not depend on the images beside it.
public struct TrainedModel: Sendable {
  /// Which weights of a run.
  public enum Choice: Sendable, Hashable {
    /// Of the epoch with the lowest validation loss.
    case best
    /// Of the current state of training.
    case last
  }

  /// The configuration that was trained.
  public var configuration: Configuration { weights.configuration }
  /// The epoch the parameters are from, 0 if unknown or before the first.
  public var epoch: Int { weights.epoch }
  /// The device it runs on. Another may be set at any time.
  public var device: Device
  var weights: Weights

  init(_ weights: Weights, _ device: Device) {
    self.weights = weights
    self.device = device
  }

  /// A model with the initial parameters of the configuration's seed.
  ///
  /// - Throws: `ConfigurationError`, `ProgramError` if settings or layers do not fit together; the device's error.
  public init(_ configuration: Configuration, device: Device) throws {
    let model = try PreparedModel(
      configuration, images: 1, evaluation: EvaluationShape(steps: 1), on: device.backend)
    try model.initialise()
    self.init(Weights(configuration, try model.state(withOptimizer: false)), device)
  }

  /// The model of a run folder.
  ///
  /// - Parameters:
  ///   - run: the folder.
  ///   - choice: which of its weights.
  ///   - device: the device.
  ///   - architecture: a custom model's layers, the same as before.
  /// - Throws: `TrainingError`, `SafeTensorsError`, `FileError` if the folder's files cannot be read.
  public init(run: URL, _ choice: Choice = .best, device: Device, architecture: Architecture? = nil) throws {
    self.init(
      try Weights(run: RunFolder(reading: run), choice == .best ? .best : .last, architecture: architecture),
      device)
  }

  /// A model from a safetensors file with PyTorch's names and shapes, made by ``save(to:)`` or by another program.
  ///
  /// - Parameters:
  ///   - file: the file. It must hold every parameter of the model.
  ///   - configuration: what the parameters are of; nil: as the file's metadata say; those of ``save(to:)`` do
  ///     for every model but a custom one.
  ///   - device: the device.
  /// - Throws: `SafeTensorsError`, `FileError` if the file cannot be read or a tensor is missing or of another
  ///   shape; `TrainingError` if a value is not finite or the file does not say what it contains.
  public init(contentsOf file: URL, _ configuration: Configuration? = nil, device: Device) throws {
    let tensors = try SafeTensors(contentsOf: file)
    try tensors.requireWhole(file)
    guard let known = try configuration ?? Configuration(metadata: tensors.metadata) else {
      throw TrainingError(
        .weights,
        "\(file.path) does not say which model it is of: give the configuration, with a custom model's layers"
      )
    }
    let state = try ModelState(tensors, table: ParameterTable(known.architecture))
    self.init(Weights(known, state, epoch: tensors.metadata["epoch"].flatMap { Int($0) } ?? 0), device)
  }

  /// Writes the parameters as safetensors, with PyTorch's names and shapes and the configuration as metadata;
  /// atomically.
  ///
  /// - Throws: `FileError`.
  public func save(to file: URL) throws { try weights.write(to: file) }

  /// Every parameter, in the order of PyTorch's `state_dict`.
  public var parameters: [Tensor] { weights.state.parameters.map(Tensor.init) }

  /// Sets parameters by name; others are unchanged.
  ///
  /// - Throws: `TrainingError` if the model has no tensor of a name, it has another shape, or a value is not finite;
  ///   then nothing has changed.
  public mutating func take(_ parameters: [Tensor]) throws {
    var state = weights.state
    for tensor in parameters {
      guard let index = state.parameters.firstIndex(where: { $0.name == tensor.name }) else {
        throw TrainingError(.weights, "\(configuration.model.rawValue) has no tensor '\(tensor.name)'")
      }
      let shape = state.parameters[index].shape
      guard tensor.shape == shape, tensor.values.count == shape.reduce(1, *) else {
        throw TrainingError(
          .weights,
          "\(tensor.name) is \(tensor.shape) with \(tensor.values.count) values, expected \(shape)")
      }
      state.parameters[index].values = tensor.values
      try state.parameters[index].requireFinite()
    }
    weights = Weights(configuration, state, epoch: epoch)
  }
}
