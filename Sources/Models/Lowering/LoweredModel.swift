import Programs

/// A model as a program, and the handles by which ``PreparedModel`` holds it.
package struct LoweredModel: Sendable {
  /// What it was made from.
  package let configuration: Configuration
  /// The layers.
  package let architecture: Architecture
  /// Tensors in state order.
  package let table: ParameterTable
  /// Routines `initialise`, `evaluate`, and `gradients` and `update` where asked for.
  package let program: Program

  /// Bytes of the resident images.
  package let dataset: Buffer
  /// Images that are resident.
  package let datasetImages: Int
  /// A byte a resident image, for a classifier.
  package let labels: Buffer?
  /// What the slots of a step's losses hold, in order.
  package let slots: [Metric]
  /// All parameters, packed; ``ParameterTable`` has their offsets.
  package let parameters: Buffer
  /// What training holds; nil if the program only evaluates.
  package let training: TrainHandles?
  package let evaluation: EvaluateHandles

  /// Turns model, loss, optimizer and batch size into a program.
  ///
  /// - Parameters:
  ///   - configuration: model and settings.
  ///   - datasetImages: images that are resident.
  ///   - training: the shape of training; nil for none.
  ///   - evaluation: the shape of `evaluate`.
  ///
  /// Throws: `ConfigurationError`, or `ProgramError` if layers do not fit together.
  package init(
    _ configuration: Configuration, datasetImages: Int, training: TrainingShape?, evaluation: EvaluationShape
  ) throws {
    try configuration.validate()
    var lowering = try Lowering(configuration, datasetImages: datasetImages)
    lowering.lowerInitialise()
    self.evaluation = try lowering.lowerEvaluate(evaluation)
    self.training = try training.map { try lowering.lowerTrain($0) }

    self.configuration = configuration
    self.datasetImages = datasetImages
    architecture = lowering.architecture
    table = lowering.table
    program = lowering.builder.program()
    dataset = lowering.dataset
    labels = lowering.labels
    slots = lowering.slots
    parameters = lowering.arena
  }
}
