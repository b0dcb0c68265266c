import Numerics
import Programs

/// A model on a device, with its memory, for training, evaluation, encoding and decoding. The only owner of the handles
/// into its program.
///
/// Not thread-safe. All methods throw the backend's error if the device fails.
package final class PreparedModel {
  /// The model as a program.
  package let model: LoweredModel
  package let prepared: any PreparedProgram
  /// Fills the window, if not all images are resident.
  let window: ImageWindow?

  /// What it was made from.
  package var configuration: Configuration { model.configuration }
  /// Tensors in state order.
  package var table: ParameterTable { model.table }
  /// The metrics in the slots of a step's losses, in order.
  package var slots: [Metric] { model.slots }
  /// Whether images need labels.
  package var needsLabels: Bool { model.labels != nil }

  /// Prepares the model on `backend`; parameters, images and tables are zeros.
  ///
  /// - Parameters:
  ///   - configuration: model and settings.
  ///   - images: number of resident images.
  ///   - training: the shape of training; nil for none.
  ///   - evaluation: the shape of evaluation.
  ///   - backend: the device.
  /// - Throws: `ConfigurationError`, `ProgramError` if layers do not fit together; `NotEnoughMemory`.
  package init(
    _ configuration: Configuration, images: Int, training: TrainingShape? = nil, evaluation: EvaluationShape,
    on backend: any Backend
  ) throws {
    model = try LoweredModel(
      configuration, datasetImages: images, training: training, evaluation: evaluation)
    prepared = try Self.prepare(model, on: backend)
    window = nil
  }

  /// Prepares the model on `backend` and uploads the images: all of them if they fit into `memory`, otherwise batch by
  /// batch, as needed. Both give the same bits.
  ///
  /// - Parameters:
  ///   - images: where they are read from.
  ///   - memory: bytes that images may take at a time, at least two batches; nil: as much as device and machine can
  ///     spare.
  /// - Throws: as ``init(_:images:training:evaluation:on:)``, and what `images` throws.
  package convenience init(
    _ configuration: Configuration, images: any ImageSource, memory: Int?, training: TrainingShape? = nil,
    evaluation: EvaluationShape, on backend: any Backend
  ) throws {
    func prepared(hasWindow: Bool) throws -> (LoweredModel, any PreparedProgram) {
      let model = try LoweredModel(
        configuration, datasetImages: images.count, training: training, evaluation: evaluation,
        hasWindow: hasWindow)
      return (model, try Self.prepare(model, on: backend))
    }
    let size = configuration.imageShape.count
    let window = LoweredModel.windowImages(configuration, training: training, evaluation: evaluation)
    // A window larger than all images is useless.
    let isNeeded = window < images.count && images.count * size > memory ?? .max
    let (model, program): (LoweredModel, any PreparedProgram)
    do {
      (model, program) = try prepared(hasWindow: isNeeded)
    } catch is NotEnoughMemory where memory == nil && window < images.count {
      (model, program) = try prepared(hasWindow: true)
    }
    guard model.hasWindow else {
      self.init(model, program, window: nil)
      try upload(images)
      return
    }
    let ahead = (memory ?? ImageWindow.usualBytes) - window * size
    self.init(model, program, window: ImageWindow(model, program, images, ahead: ahead))
  }

  private init(_ model: LoweredModel, _ prepared: any PreparedProgram, window: ImageWindow?) {
    self.model = model
    self.prepared = prepared
    self.window = window
  }

  private static func prepare(_ model: LoweredModel, on backend: any Backend) throws -> any PreparedProgram {
    try HostMemory.require(hostBytes(model, backend), for: "the model")
    return try backend.prepare(model.program)
  }

  /// Makes all images resident, in pieces that need little memory.
  private func upload(_ images: any ImageSource) throws {
    let size = model.architecture.input.count
    let most = max(1, Self.pieceBytes / size)
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: most * size, alignment: 16)
    defer { piece.deallocate() }
    for first in stride(from: 0, to: images.count, by: most) {
      let indices = ArraySlice(UInt32(first)..<UInt32(min(first + most, images.count)))
      let bytes = UnsafeMutableRawBufferPointer(rebasing: piece[..<(indices.count * size)])
      try images.read(indices, into: bytes)
      try prepared.write(UnsafeRawBufferPointer(bytes), to: model.dataset, at: first * size)
    }
  }

  private static let pieceBytes = 1 << 22

  /// Peak host memory: the state when it is written, as values, as tensors of a file and as the file; and if the device
  /// is the CPU, the persistent buffers.
  private static func hostBytes(_ model: LoweredModel, _ backend: any Backend) -> Int {
    let arenas = model.training == nil ? 1 : 1 + model.configuration.optimizer.stateNames.count
    let persistent = backend.device.kind == .cpu ? model.program.persistentBytes : 0
    return 3 * 4 * model.table.arenaCount * arenas + persistent
  }

  /// The same with another `program`, such as one whose random numbers differ.
  ///
  /// - Parameter images: where the images are read from; nil: they are set by `write`.
  package init(
    _ model: LoweredModel, program: Program, images: (any ImageSource)? = nil, on backend: any Backend
  ) throws {
    self.model = model
    prepared = try backend.prepare(program)
    window = model.hasWindow ? images.map { [prepared] in ImageWindow(model, prepared, $0, ahead: 0) } : nil
    if let images, window == nil { try upload(images) }
  }

  /// Makes `pixels` (whole images, one byte per value in the order (channel, y, x)) the resident images from `first` on.
  package func write(images pixels: [UInt8], from first: Int = 0) throws {
    precondition(window == nil, "images of a model with a window are read from their source")
    let size = model.architecture.input.count
    precondition(pixels.count % size == 0, "\(pixels.count) bytes are no whole images of \(size)")
    try pixels.withUnsafeBytes { try prepared.write($0, to: model.dataset, at: first * size) }
  }

  /// Sets the resident images' classes, for a classifier; does nothing for other models.
  package func write(labels: [UInt8]) throws {
    guard let buffer = model.labels else { return }
    let classes = try model.architecture.shapes().last!.count
    guard labels.allSatisfy({ $0 < classes }) else {
      throw ProgramError("labels", "the largest is \(labels.max()!), the model knows \(classes) classes")
    }
    try prepared.write(labels, to: buffer)
  }

  /// Fills the parameters with the initial values of the configuration's seed.
  package func initialise() throws { try prepared.run(.initialise, step: 0) }

  /// Waits for all work.
  package func synchronize() throws { try prepared.synchronize() }

  // MARK: - State

  /// Parameters, and the optimizer's state if wanted.
  package func state(withOptimizer: Bool = true) throws -> ModelState {
    table.state(try arenas(withOptimizer: withOptimizer), configuration.optimizer)
  }

  /// The same in packed order, to be unpacked elsewhere by ``ParameterTable/state(_:_:)``.
  package func arenas(withOptimizer: Bool = true) throws -> [[Float]] {
    let state = withOptimizer ? model.training?.state ?? [] : []
    return try ([model.parameters] + state).map { try prepared.floats($0) }
  }

  /// Sets the parameters, and the optimizer's state if `state` has one.
  package func write(_ state: ModelState) throws {
    try prepared.write(table.pack(state.parameters[...]), to: model.parameters)
    guard !state.optimizer.isEmpty, let training = model.training else { return }
    let count = table.parameters.count
    for (index, arena) in training.state.enumerated() {
      try prepared.write(table.pack(state.optimizer[index * count..<(index + 1) * count]), to: arena)
    }
  }

  /// The gradients of the last step over the whole batch, by PyTorch's names.
  package func gradients() throws -> [ModelState.Tensor] {
    guard let training = model.training else {
      preconditionFailure("the model was prepared for evaluation only")
    }
    return table.unpack(try prepared.floats(training.gradients, count: table.arenaCount))
  }

  /// Everything a run leaves on the device, to be compared bit by bit: losses, gradients, parameters, optimizer state,
  /// status, outputs, codes and posteriors, by name.
  package func everything() throws -> [(buffer: String, bits: [UInt32])] {
    let evaluation = model.evaluation
    var buffers = [model.parameters, evaluation.batches.losses, evaluation.outputs, evaluation.code]
    if let training = model.training {
      buffers += [training.batches.losses, training.gradients, training.status] + training.state
    }
    buffers += [evaluation.logVariance, evaluation.sample, evaluation.perImage].compactMap { $0 }
    return try buffers.map { ($0.name, try prepared.words($0)) }
  }
}
