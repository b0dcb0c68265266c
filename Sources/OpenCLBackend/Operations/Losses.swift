import Kernels
import Programs

/// Arguments of `mean_squared_error` and `binary_cross_entropy`.
struct ReconstructionLossArguments: KernelArguments {
  let kernel: Kernel
  let loss: ReconstructionLoss
  let batch: Int
  let shape: MapShape
  var arguments: [Argument] {
    let activation: [Argument] =
      kernel == .meanSquaredError ? [.word(UInt32(KernelPrelude.number(loss.activation)))] : []
    return [
      .buffer(loss.prediction), .buffer(loss.target), .buffer(loss.source.table), .buffer(loss.perImage),
      .buffer(loss.gradient ?? loss.perImage),
    ] + shape.arguments + BatchArguments(source: loss.source, batch: batch).withoutIndices + activation
      + [.flag(loss.gradient != nil), .step]
  }
}

extension LaunchPlanner {
  func launches(_ d: MeanSquaredError) -> [Launch] { reconstruction(.meanSquaredError, d.loss) }

  func launches(_ d: BinaryCrossEntropy) -> [Launch] { reconstruction(.binaryCrossEntropy, d.loss) }

  private func reconstruction(_ kernel: Kernel, _ loss: ReconstructionLoss) -> [Launch] {
    let (batch, shape) = loss.prediction.images!
    return [
      Launch(
        ReconstructionLossArguments(kernel: kernel, loss: loss, batch: batch, shape: shape), images(batch))
    ]
  }
}
