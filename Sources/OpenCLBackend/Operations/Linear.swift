import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: LinearForward) -> [Launch] {
    let layer = Launch(
      .linearForward, images(d.shape.batch, tiles: (d.shape.outputs + 3) / 4),
      [
        .buffer(d.input), .buffer(d.weight), .buffer(d.bias), .buffer(d.output), .int(d.shape.inputs),
        .int(d.shape.outputs), .flag(d.activation == .relu),
      ])
    return [layer] + activation(after: d.activation, d.output)
  }

  func launches(_ d: LinearBackwardInput) -> [Launch] {
    // Without a mask any buffer will do: it is not read.
    let mask = d.mask?.output ?? d.outputGradient
    return [
      Launch(
        .linearBackwardInput, images(d.shape.batch, tiles: (d.shape.inputs + 3) / 4),
        [
          .buffer(d.outputGradient), .buffer(d.weight), .buffer(mask), .buffer(d.inputGradient),
          .int(d.shape.inputs), .int(d.shape.outputs), .flag(d.mask != nil), .float(d.mask?.scale ?? 1),
          .flag(d.accumulate),
        ])
    ]
  }

  func launches(_ d: LinearBackwardWeight) -> [Launch] {
    // LINEAR_QUADS × LINEAR_TILES of the kernel.
    let (quadsOfItem, tilesOfItem) = options.lanes == 1 ? (1, 1) : (4, 8)
    let (quads, tiles) = ((d.shape.outputs + 3) / 4, (d.shape.inputs + 2) / 3)
    let across = (tiles + tilesOfItem - 1) / tilesOfItem
    let items = (quads + quadsOfItem - 1) / quadsOfItem * across + quads
    return [
      Launch(
        .linearBackwardWeight, lanes(items),
        [
          .buffer(d.input), .buffer(d.outputGradient), .buffer(d.weightGradient), .buffer(d.biasGradient),
          .int(d.shape.inputs), .int(d.shape.outputs), .int(Blocking.blocks(d.shape.batch)),
        ])
    ]
  }
}
