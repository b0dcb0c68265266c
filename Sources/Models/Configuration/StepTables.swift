import Programs

extension Configuration {
  /// The step table of one training epoch: all scalars of all steps, computed in double and rounded once.
  ///
  /// - Parameters:
  ///   - epoch: from 1.
  ///   - batches: images of each step.
  package func trainingTable(epoch: Int, batches: [Int]) -> StepTable {
    let epochOfPhase = epoch - trainable.phase(of: epoch, default: epochs).epochsBefore - 1
    var table = StepTable(steps: batches.count)
    for (step, images) in batches.enumerated() {
      let rate = learningRate(epoch: epoch, step: step, stepsPerEpoch: batches.count)
      // The optimizer is reset in every phase, and so is its step count.
      let scalars = scalars(learningRate: rate, step: epochOfPhase * batches.count + step + 1)
      let klWeight = klWeight(epoch: epoch, step: step, stepsPerEpoch: batches.count)
      setBatch(&table, step, epoch: epoch, images: images, klWeight: klWeight)
      table.set(step, .stepSize, scalars.stepSize)
      table.set(step, .secondMomentScale, scalars.secondMomentScale)
      table.set(step, .decay, scalars.decay)
    }
    return table
  }

  /// The table of an evaluation, with the full weight of the KL divergence.
  ///
  /// - Parameters:
  ///   - batches: images of each step.
  ///   - draw: word 1 of the random counter: 0 unless there are several draws.
  package func evaluationTable(batches: [Int], draw: Int = 0) -> StepTable {
    var table = StepTable(steps: batches.count)
    for (step, images) in batches.enumerated() {
      setBatch(&table, step, epoch: draw, images: images, klWeight: klWeight)
    }
    return table
  }

  /// The table for estimating the likelihood of one batch of `images`: a step for each of `draws`, with the divergence
  /// unweighted.
  package func likelihoodTable(images: Int, draws: Int) -> StepTable {
    var table = StepTable(steps: draws)
    for draw in 0..<draws { setBatch(&table, draw, epoch: draw, images: images, klWeight: 1) }
    return table
  }

  private func setBatch(
    _ table: inout StepTable, _ step: Int, epoch: Int, images: Int, klWeight: Double
  ) {
    table[step, .epoch] = UInt32(epoch)
    table[step, .images] = UInt32(images)
    let values = imageShape.count
    let gradientScale = loss.gradientScale(images: images, values: values)
    table.set(step, .lossScale, Float(loss.lossScale(images: images, values: values)))
    table.set(step, .gradientScale, Float(gradientScale))
    table.set(step, .klWeight, Float(klWeight))
    table.set(step, .klGradientScale, Float(klWeight * gradientScale))
  }
}
