import Numerics
import Programs

extension PreparedModel {
  private var evaluation: EvaluateHandles { model.evaluation }

  /// Images in an evaluation batch.
  package var evaluationBatch: Int { evaluation.batches.batch }

  /// Splits `indices` into evaluation batches; the last may be smaller.
  package func evaluationBatches(_ indices: [UInt32]) -> [ArraySlice<UInt32>] {
    evaluation.batches.batches(indices)
  }

  /// Prepares the device for evaluating batches of the resident images.
  ///
  /// - Parameter draw: which draw of noise and samples: word 1 of the random counter.
  package func beginEvaluation(_ batches: [ArraySlice<UInt32>], draw: Int = 0) throws {
    let table = configuration.evaluationTable(batches: batches.map(\.count), draw: draw)
    try write(batches, table: table.words, to: evaluation.batches)
    window?.begin(.evaluation, batches)
  }

  /// Starts the evaluation of one batch; its results can be read until the next is started.
  package func evaluate(_ step: Int) throws {
    try window?.provide(.evaluation, step)
    try prepared.run(.evaluate, step: step)
    try window?.provideAhead(.evaluation, step + 1)
  }

  /// The losses of the first `steps` batches, slot by slot; waits for them.
  package func evaluationLosses(steps: Int) throws -> [Float] {
    try prepared.floats(evaluation.batches.losses, count: steps * slots.count)
  }

  /// Prepares the device for estimating the likelihood of one batch: step d computes draw d.
  package func beginLikelihood(_ batch: ArraySlice<UInt32>, draws: Int) throws {
    let table = configuration.likelihoodTable(images: batch.count, draws: draws)
    let batches = [ArraySlice<UInt32>](repeating: batch, count: draws)
    try write(batches, table: table.words, to: evaluation.batches)
    window?.begin(.evaluation, batches)
  }

  /// The result of a step after ``beginLikelihood(_:draws:)``: log q(z | x) − log p(x, z) of the batch's first `count`
  /// images, sample by sample.
  package func sampleLosses(_ count: Int) throws -> [[Float]] {
    guard case .likelihood(let samples) = evaluation.mode, let losses = evaluation.perImage else {
      preconditionFailure("the model was not prepared for its likelihood")
    }
    let values = try prepared.floats(losses)
    let stride = Blocking.blocks(evaluation.batches.batch) * Blocking.block
    return (0..<samples).map { Array(values[$0 * stride..<$0 * stride + count]) }
  }

  /// The output of the last layer for the batch's first `count` images, in the order (channel, y, x): pixels, logits of
  /// pixels, or logits of classes.
  package func outputs(_ count: Int) throws -> [[Float]] { try rows(evaluation.outputs, count) }

  /// The same as pixels from 0 to 1, if the outputs are logits of pixels.
  package func reconstructions(_ count: Int) throws -> [[Float]] {
    let rows = try outputs(count)
    return configuration.outputsAreLogits ? rows.map(Elementary.sigmoid) : rows
  }

  /// The latent codes of the batch's first `count` images; a posterior's means.
  package func codes(_ count: Int) throws -> [[Float]] { try rows(evaluation.code, count) }

  /// The logarithms of the variances of the batch's first `count` images' posteriors; nil for other models.
  package func logVariances(_ count: Int) throws -> [[Float]]? {
    try evaluation.logVariance.map { try rows($0, count) }
  }

  /// For a sampled posterior: the logarithms of its variances, the samples, and each image's reconstruction loss,
  /// unscaled; nil for other models.
  package func posterior(_ count: Int) throws -> (
    logVariances: [[Float]], samples: [[Float]], losses: [Float]
  )? {
    guard let logVariance = evaluation.logVariance, let sample = evaluation.sample,
      let perImage = evaluation.perImage
    else { return nil }
    return (
      try rows(logVariance, count), try rows(sample, count), try rows(perImage, count).map { $0[0] }
    )
  }

  /// Each image's loss (for a posterior, without the KL divergence), unscaled: a sum over the image's values.
  package func imageLosses(_ count: Int) throws -> [Float] {
    guard let perImage = evaluation.perImage else {
      preconditionFailure("a model prepared for decoding has no losses")
    }
    return try rows(perImage, count).map { $0[0] }
  }

  /// The decoded images of codes, pixels from 0 to 1 (or logits of classes); for a model prepared to decode.
  ///
  /// - Throws: `ProgramError` if a code has another width.
  package func decode(_ codes: [[Float]]) throws -> [[Float]] {
    precondition(evaluation.mode == .decode, "the model was not prepared for decoding")
    let (batch, shape) = evaluation.code.images!
    guard codes.allSatisfy({ $0.count == shape.count }) else {
      throw ProgramError("decode", "expected codes of \(shape.count) values, as many as the model's latent")
    }
    var results: [[Float]] = []
    for first in stride(from: 0, to: codes.count, by: batch) {
      let part = codes[first..<min(first + batch, codes.count)]
      let padding = [Float](repeating: 0, count: (batch - part.count) * shape.count)
      let packed = ImageLayout.pack(part.flatMap { $0 } + padding, shape, batch: batch)
      try prepared.write(packed, to: evaluation.code)
      let table = configuration.evaluationTable(batches: [part.count])
      try prepared.write(table.words, to: evaluation.batches.table)
      try evaluate(0)
      results += try reconstructions(part.count)
    }
    return results
  }

  /// The values of the first `count` images of `buffer`.
  private func rows(_ buffer: Buffer, _ count: Int) throws -> [[Float]] {
    let shape = buffer.images!.shape
    let stored = Contents.images(batch: count, shape).count
    let values = ImageLayout.unpack(try prepared.floats(buffer, count: stored), shape, batch: count)
    return (0..<count).map { Array(values[$0 * shape.count..<($0 + 1) * shape.count]) }
  }
}
