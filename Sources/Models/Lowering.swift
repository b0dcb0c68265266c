import Numerics
import Programs

/// What `train` is to be.
public struct TrainingShape: Hashable, Sendable {
  /// Steps of an epoch.
  public let steps: Int
  /// What trains.
  public let layers: TrainingPhases.Layers

  /// Training of `layers` with room for `steps` steps.
  public init(steps: Int, layers: TrainingPhases.Layers = .all) {
    self.steps = steps
    self.layers = layers
  }
}

/// What `evaluate` is to be.
public struct EvaluationShape: Hashable, Sendable {
  /// Images in a batch of evaluation. Fixed: the sum over a batch is part of the bits of a validation loss.
  public static let standardBatch = 256
  /// Batches there is room for.
  public let steps: Int
  /// Images in a batch.
  public let batch: Int
  /// What happens at the code.
  public let mode: EvaluationMode
  /// Noise on the input; nil: as the configuration says.
  public let noise: Double?

  /// Evaluation of up to `steps` batches.
  public init(
    steps: Int, batch: Int = EvaluationShape.standardBatch, mode: EvaluationMode = .sample,
    noise: Double? = nil
  ) {
    self.steps = steps
    self.batch = batch
    self.mode = mode
    self.noise = noise
  }
}

extension LoweredModel {
  /// Turns model, loss, optimizer and batch size into a program.
  ///
  /// - Parameters:
  ///   - configuration: what decides the bits.
  ///   - datasetImages: images that are resident.
  ///   - training: what `train` is to be; nil for none.
  ///   - evaluation: what `evaluate` is to be.
  ///
  /// Throws: `ConfigurationError`, or `ProgramError` where layers do not fit together.
  public init(
    _ configuration: Configuration, datasetImages: Int, training: TrainingShape?, evaluation: EvaluationShape
  ) throws {
    try configuration.validate()
    var lowering = try Lowering(configuration, datasetImages: datasetImages)
    lowering.lowerInitialise()
    let evaluated = try lowering.lowerEvaluate(evaluation)
    let trained = try training.map { try lowering.lowerTrain($0) }

    self.configuration = configuration
    architecture = lowering.architecture
    table = lowering.table
    program = lowering.builder.program()
    dataset = lowering.dataset
    labels = lowering.labels
    slots = lowering.slots
    parameters = lowering.arena
    self.evaluation = evaluated.batches
    outputs = evaluated.outputs
    code = evaluated.code
    logVariance = evaluated.logVariance
    sample = evaluated.sample
    perImage = evaluated.perImage
    self.training = trained?.batches
    gradients = trained?.gradients
    state = trained?.state ?? []
    status = trained?.status
  }
}

/// A program in the making: what all routines share.
struct Lowering {
  let configuration: Configuration
  let architecture: Architecture
  let table: ParameterTable
  var builder = ProgramBuilder()
  let dataset: Buffer
  let labels: Buffer?
  let arena: Buffer
  /// The tensors, regions of the arena, in state order.
  let parameters: [Buffer]
  let slots: [Metric]
  /// The routine in the making.
  var operations: [Operation] = []

  init(_ configuration: Configuration, datasetImages: Int) throws {
    guard datasetImages > 0 else { throw ConfigurationError("the data set holds no images") }
    self.configuration = configuration
    architecture = configuration.architecture
    table = try ParameterTable(architecture)
    dataset = builder.buffer("dataset", .bytes(datasetImages * ModelKind.pixels), .persistent)
    labels =
      configuration.loss == .crossEntropy
      ? builder.buffer("labels", .bytes(datasetImages), .persistent) : nil
    arena = builder.buffer("parameters", .floats(table.arenaCount), .persistent)
    parameters = Self.regions(of: arena, table, &builder)
    slots =
      if architecture.isVariational {
        [.loss, .reconstruction, .klDivergence]
      } else if configuration.loss == .crossEntropy {
        [.loss, .correct]
      } else {
        [.loss]
      }
  }

  /// The tensors as regions of `arena`, the part at `base` floats.
  static func regions(
    of arena: Buffer, _ table: ParameterTable, _ builder: inout ProgramBuilder, prefix: String = "",
    base: Int = 0
  ) -> [Buffer] {
    table.parameters.map {
      builder.buffer(
        prefix + $0.name, .parameter($0.shape), .region(of: arena.id, offset: base + $0.offset))
    }
  }

  /// Weight and bias of the `module`-th module of `layer`, as indices in state order.
  func tensors(layer: Int, module: Int = 0) -> (weight: Int, bias: Int) {
    let first = table.parameters.firstIndex { $0.layer == layer }! + 2 * module
    return (first, first + 1)
  }

  func random(_ stream: RandomStream, layer: Int = 0) -> RandomSource {
    RandomSource(seed: configuration.seed, stream: stream.word(layer: layer))
  }

  /// A batch of images that lives within one routine.
  mutating func images(_ name: String, batch: Int, _ shape: MapShape) -> Buffer {
    builder.buffer(name, .images(batch: batch, shape), .transient)
  }

  mutating func batchBuffers(_ name: String, steps: Int, batch: Int, rowLength: Int) -> BatchBuffers {
    BatchBuffers(
      table: builder.buffer("\(name).table", .words(steps * StepTable.width), .persistent),
      indices: builder.buffer("\(name).indices", .words(steps * rowLength), .persistent),
      losses: builder.buffer("\(name).losses", .floats(steps * slots.count), .persistent),
      steps: steps, batch: batch, rowLength: rowLength)
  }

  /// Ends the routine in the making.
  mutating func finish(_ name: Routine.Name) {
    builder.add(Routine(name, operations))
    operations = []
  }

  mutating func lowerInitialise() {
    for (index, parameter) in table.parameters.enumerated() {
      // A tensor that is a region of the arena is always a parameter: the descriptor cannot refuse.
      let operation = try! Initialise(
        parameter: parameters[index], random: random(.initialisation, layer: index), bound: parameter.bound)
      operations.append(.initialise(operation))
    }
    finish(.initialise)
  }

  /// Leaves the sums over images of every slot in a step's row.
  mutating func sumLosses(_ perImage: [Metric: [Buffer]], _ batches: BatchBuffers) throws {
    for (slot, metric) in slots.enumerated() {
      operations.append(
        .sumPerImage(
          try SumPerImage(
            perImage: perImage[metric]!, table: batches.table, scaled: metric.isMean,
            results: batches.losses, slot: slot, slots: slots.count)))
    }
  }
}
