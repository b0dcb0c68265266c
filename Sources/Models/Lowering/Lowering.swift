import Numerics
import Programs

/// A program under construction: state shared by all routines.
struct Lowering {
  let configuration: Configuration
  let architecture: Architecture
  let table: ParameterTable
  var builder = ProgramBuilder()
  let dataset: Buffer
  /// Batches that `dataset` holds in turn; 0: it holds all images.
  let windowRows: Int
  let labels: Buffer?
  let arena: Buffer
  /// The tensors, regions of the arena, in state order.
  let parameters: [Buffer]
  let slots: [Metric]
  /// The routine under construction.
  var operations: [Operation] = []

  /// - Parameter window: images that are resident at a time; nil: all.
  init(_ configuration: Configuration, datasetImages: Int, window: Int?) throws {
    guard datasetImages > 0 else { throw ConfigurationError("the data set holds no images") }
    self.configuration = configuration
    architecture = configuration.architecture
    table = try ParameterTable(architecture)
    dataset = builder.buffer(
      "dataset", .bytes((window ?? datasetImages) * architecture.input.count), .persistent)
    windowRows = window == nil ? 0 : LoweredModel.windowRows
    labels =
      configuration.classifies ? builder.buffer("labels", .bytes(datasetImages), .persistent) : nil
    arena = builder.buffer("parameters", .floats(table.arenaCount), .persistent)
    parameters = Self.regions(of: arena, table, &builder)
    slots =
      if architecture.isVariational {
        [.loss, .reconstruction, .klDivergence]
      } else if configuration.classifies {
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

  /// Finishes the current routine.
  mutating func finish(_ name: Routine.Name) {
    builder.add(Routine(name, operations))
    operations = []
  }

  mutating func append(_ descriptor: some Descriptor) { operations.append(Operation(descriptor)) }

  mutating func lowerInitialise() {
    for (index, parameter) in table.parameters.enumerated() {
      // A tensor that is a region of the arena is always a parameter: the descriptor cannot throw.
      append(
        try! Initialise(
          parameter: parameters[index], random: random(.initialisation, layer: index), bound: parameter.bound)
      )
    }
    finish(.initialise)
  }

  /// Room for the sums over images of every part's slots.
  mutating func lossSums(_ prefix: String, parts: Int) -> Buffer {
    builder.buffer("\(prefix).sums", .floats(parts * slots.count), .persistent)
  }

  /// Writes the sums of every slot over a part's images to the part's row.
  mutating func sumLosses(_ perImage: [Metric: Buffer], into sums: Buffer, part: Int) throws {
    for (slot, metric) in slots.enumerated() {
      append(try SumPerImage(perImage: perImage[metric]!, sums: sums, place: part * slots.count + slot))
    }
  }

  /// Writes the losses of a step to its row.
  mutating func joinLosses(_ sums: Buffer, parts: Int, _ batches: BatchBuffers) throws {
    append(
      try JoinLosses(
        sums: sums, parts: parts, scaled: slots.map(\.isMean), table: batches.table, losses: batches.losses))
  }
}
