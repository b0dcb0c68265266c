import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: MeanSquaredError) -> [Launch] {
    reconstruction(.meanSquaredError, d.loss, [.int(KernelPrelude.number(d.loss.activation))])
  }

  func launches(_ d: BinaryCrossEntropy) -> [Launch] { reconstruction(.binaryCrossEntropy, d.loss, []) }

  private func reconstruction(_ kernel: Kernel, _ loss: ReconstructionLoss, _ activation: [Argument])
    -> [Launch]
  {
    let (batch, shape) = loss.prediction.images!
    return [
      Launch(
        kernel, sharedImages(batch),
        [
          .buffer(loss.prediction), .buffer(loss.target), .buffer(loss.source.table), .buffer(loss.perImage),
          .buffer(loss.gradient ?? loss.perImage),
        ] + shape.arguments + loss.source.withoutIndices(batch) + activation
          + [.flag(loss.gradient != nil), .step])
    ]
  }
}
