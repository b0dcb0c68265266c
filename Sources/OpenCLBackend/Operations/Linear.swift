import Kernels
import Programs

/// Arguments of `linear_forward`.
struct LinearForwardArguments: KernelArguments {
  let descriptor: LinearForward
  var kernel: Kernel { .linearForward }
  var arguments: [Argument] {
    [
      .buffer(descriptor.input), .buffer(descriptor.weight), .buffer(descriptor.bias),
      .buffer(descriptor.output), .int(descriptor.shape.inputs), .int(descriptor.shape.outputs),
      .flag(descriptor.activation == .relu),
    ]
  }
}

/// Arguments of `linear_backward_input`.
struct LinearBackwardInputArguments: KernelArguments {
  let descriptor: LinearBackwardInput
  var kernel: Kernel { .linearBackwardInput }
  var arguments: [Argument] {
    // Without a mask any buffer will do: it is not read.
    let mask = descriptor.mask?.output ?? descriptor.outputGradient
    return [
      .buffer(descriptor.outputGradient), .buffer(descriptor.weight), .buffer(mask),
      .buffer(descriptor.inputGradient), .int(descriptor.shape.inputs), .int(descriptor.shape.outputs),
      .flag(descriptor.mask != nil), .float(descriptor.mask?.scale ?? 1), .flag(descriptor.accumulate),
    ]
  }
}

/// Arguments of `linear_backward_weight`.
struct LinearBackwardWeightArguments: KernelArguments {
  let descriptor: LinearBackwardWeight
  var kernel: Kernel { .linearBackwardWeight }
  var arguments: [Argument] {
    [
      .buffer(descriptor.input), .buffer(descriptor.outputGradient), .buffer(descriptor.weightGradient),
      .buffer(descriptor.biasGradient), .int(descriptor.shape.inputs), .int(descriptor.shape.outputs),
      .int(Blocking.blocks(descriptor.shape.batch)),
    ]
  }
}

extension LaunchPlanner {
  func launches(_ d: LinearForward) -> [Launch] {
    let grid = images(d.shape.batch, tiles: (d.shape.outputs + 3) / 4)
    return [Launch(LinearForwardArguments(descriptor: d), grid)] + activation(after: d.activation, d.output)
  }

  func launches(_ d: LinearBackwardInput) -> [Launch] {
    let grid = images(d.shape.batch, tiles: (d.shape.inputs + 3) / 4)
    return [Launch(LinearBackwardInputArguments(descriptor: d), grid)]
  }

  func launches(_ d: LinearBackwardWeight) -> [Launch] {
    // LINEAR_QUADS × LINEAR_TILES of the kernel.
    let (quadsOfItem, tilesOfItem) = options.lanes == 1 ? (1, 1) : (4, 8)
    let (quads, tiles) = ((d.shape.outputs + 3) / 4, (d.shape.inputs + 2) / 3)
    let across = (tiles + tilesOfItem - 1) / tilesOfItem
    let items = (quads + quadsOfItem - 1) / quadsOfItem * across + quads
    return [Launch(LinearBackwardWeightArguments(descriptor: d), lanes(items))]
  }
}
