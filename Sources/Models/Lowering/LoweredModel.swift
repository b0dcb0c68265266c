import Programs

/// A model as a program, and the handles by which ``PreparedModel`` accesses it.
package struct LoweredModel: Sendable {
  /// What it was made from.
  package let configuration: Configuration
  /// The layers.
  package let architecture: Architecture
  /// Tensors in state order.
  package let table: ParameterTable
  /// Routines `initialise`, `evaluate`, and for training `gradients` and `update`.
  package let program: Program

  /// Bytes of the resident images, or of ``windowRows`` batches.
  package let dataset: Buffer
  /// Images of the data set.
  package let datasetImages: Int
  /// Whether only a window of the images is resident: the batch of step s in row s mod ``windowRows``.
  package let hasWindow: Bool
  /// One byte per image, for a classifier.
  package let labels: Buffer?
  /// The metrics in the slots of a step's losses, in order.
  package let slots: [Metric]
  /// All parameters, packed; ``ParameterTable`` has their offsets.
  package let parameters: Buffer
  /// The handles for training; nil if the program only evaluates.
  package let training: TrainHandles?
  package let evaluation: EvaluateHandles

  /// Turns model, loss, optimizer and batch size into a program.
  ///
  /// - Parameters:
  ///   - configuration: model and settings.
  ///   - datasetImages: images of the data set.
  ///   - training: the shape of training; nil for none.
  ///   - evaluation: the shape of `evaluate`.
  ///   - hasWindow: whether only a window of the images is resident; changes no bit.
  ///
  /// Throws: `ConfigurationError`, or `ProgramError` if layers do not fit together.
  package init(
    _ configuration: Configuration, datasetImages: Int, training: TrainingShape?, evaluation: EvaluationShape,
    hasWindow: Bool = false
  ) throws {
    try configuration.validate()
    let window =
      hasWindow ? Self.windowImages(configuration, training: training, evaluation: evaluation) : nil
    var lowering = try Lowering(configuration, datasetImages: datasetImages, window: window)
    lowering.lowerInitialise()
    self.evaluation = try lowering.lowerEvaluate(evaluation)
    self.training = try training.map { try lowering.lowerTrain($0) }

    self.configuration = configuration
    self.datasetImages = datasetImages
    self.hasWindow = hasWindow
    architecture = lowering.architecture
    table = lowering.table
    program = lowering.builder.program()
    dataset = lowering.dataset
    labels = lowering.labels
    slots = lowering.slots
    parameters = lowering.arena
  }

  /// Batches in a window: while one is computed, the next is uploaded.
  static let windowRows = 2

  /// Images of a window.
  static func windowImages(
    _ configuration: Configuration, training: TrainingShape?, evaluation: EvaluationShape
  ) -> Int {
    let row = training == nil ? 0 : configuration.partCount * configuration.partSize
    return windowRows * max(row, evaluation.batch)
  }
}
