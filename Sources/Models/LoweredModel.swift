import Programs

/// Buffers through which batches go in and figures come out.
public struct BatchBuffers: Hashable, Sendable {
  /// Rows of ``Programs/StepTable``, one a step.
  public let table: Buffer
  /// Rows of data set indices, one a step; ``Programs/BatchSource/absent`` where there is no image.
  public let indices: Buffer
  /// `losses[step · slots + slot]`; see ``LoweredModel/slots``.
  public let losses: Buffer
  /// Steps there is room for.
  public let steps: Int
  /// Images in a full batch.
  public let batch: Int
  /// Indices in a row: at least ``batch``.
  public let rowLength: Int

  /// The rows of indices for `batches`, padded with ``Programs/BatchSource/absent``.
  public func rows(_ batches: [ArraySlice<UInt32>]) -> [UInt32] {
    precondition(batches.count <= steps, "\(batches.count) batches, room for \(steps)")
    var rows = [UInt32](repeating: BatchSource.absent, count: steps * rowLength)
    for (step, batch) in batches.enumerated() {
      precondition(batch.count <= self.batch, "\(batch.count) images, room for \(self.batch)")
      for (place, index) in batch.enumerated() { rows[step * rowLength + place] = index }
    }
    return rows
  }

  /// Cuts `order` into batches; the last may be smaller.
  public func batches(_ order: [UInt32]) -> [ArraySlice<UInt32>] {
    stride(from: 0, to: order.count, by: batch).map { order[$0..<min($0 + batch, order.count)] }
  }
}

/// A model as a program, and the handles by which trainer and evaluation hold it.
public struct LoweredModel: Sendable {
  /// What it was made from.
  public let configuration: Configuration
  /// The layers.
  public let architecture: Architecture
  /// Tensors in state order.
  public let table: ParameterTable
  /// Routines `initialise`, `evaluate`, and `train` where asked for.
  public let program: Program

  /// Bytes of the resident images, 784 each.
  public let dataset: Buffer
  /// A byte a resident image, for a classifier.
  public let labels: Buffer?
  /// Batches of training; nil where the program only evaluates.
  public let training: BatchBuffers?
  /// Batches of evaluation.
  public let evaluation: BatchBuffers
  /// What the slots of a step's losses hold, in order.
  public let slots: [Metric]

  /// After `evaluate`: reconstructions, logits of pixels or logits of classes.
  public let outputs: Buffer
  /// After `evaluate`: the latent code (a posterior's mean); goes *in* where ``EvaluationMode/decode`` is asked.
  public let code: Buffer
  /// After `evaluate`, for a posterior: the logarithm of its variance.
  public let logVariance: Buffer?
  /// After `evaluate`, for a posterior that is sampled: the sample.
  public let sample: Buffer?
  /// After `evaluate`: every image's loss (for a posterior without the KL divergence), unscaled; nil in `decode`.
  public let perImage: Buffer?

  /// All parameters, packed; ``ParameterTable`` says where each lies.
  public let parameters: Buffer
  /// After `train`: gradients of the first part, summed over parts; further parts behind it.
  public let gradients: Buffer?
  /// The optimizer's arenas, as ``Optimizer/stateNames`` calls them.
  public let state: [Buffer]
  /// One word; see ``Programs/Update``. Write `UInt32.max` before the first step.
  public let status: Buffer?

  /// Whether ``outputs`` are logits of pixels, so that a picture needs a sigmoid.
  public var outputsAreLogits: Bool { configuration.loss == .binaryCrossEntropy }

  /// What ``status`` says: nil where all is finite, else the step and the tensor (nil: the loss).
  public func notFinite(status: UInt32) -> (step: Int, tensor: Parameter?)? {
    guard status != UInt32.max else { return nil }
    let (step, place) = Int(status).quotientAndRemainder(dividingBy: table.parameters.count + 1)
    return (step, place == 0 ? nil : table.parameters[place - 1])
  }
}

/// What `evaluate` does at the latent code.
public enum EvaluationMode: Hashable, Sendable {
  /// A posterior is sampled, as its loss wants. Word 1 of the random counter is the table's epoch: k samples
  /// are k values of it.
  case sample
  /// A posterior's mean is decoded.
  case mean
  /// The code is given by the host, nothing is encoded, and there is no loss.
  case decode
}
