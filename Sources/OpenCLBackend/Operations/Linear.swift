import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: LinearForward) -> [Launch] {
    let layer = Launch(
      .linearForward, runs(d.shape.batch, tiles: (d.shape.outputs + 3) / 4, run: d.shape.inputs),
      [
        .buffer(d.input), .buffer(d.weight), .buffer(d.bias), .buffer(d.output), .int(d.shape.inputs),
        .int(d.shape.outputs), .flag(d.activation == .relu),
      ])
    return [layer] + activation(after: d.activation, d.output)
  }

  func launches(_ d: LinearBackwardInput) -> [Launch] {
    // Without a mask, any buffer will do: it is not read.
    let mask = d.mask?.output ?? d.outputGradient
    return [
      Launch(
        .linearBackwardInput,
        runs(d.shape.batch, tiles: (d.shape.inputs + 3) / 4, run: d.shape.outputs),
        [
          .buffer(d.outputGradient), .buffer(d.weight), .buffer(mask), .buffer(d.inputGradient),
          .int(d.shape.inputs), .int(d.shape.outputs), .flag(d.mask != nil), .float(d.mask?.scale ?? 1),
          .flag(d.accumulate),
        ])
    ]
  }

  func launches(_ d: LinearBackwardWeight) -> [Launch] {
    let (quads, tiles) = ((d.shape.outputs + 3) / 4, (d.shape.inputs + 2) / 3)
    // On a GPU several tiles per work-item share reads, if one tile each would be more than the device can hold.
    let isLarge = quads * tiles * Blocking.lanes > 512 * units
    let (quadsOfItem, tilesOfItem) = areImagesItems ? isLarge ? (2, 2) : (1, 1) : (4, 8)
    let items = (quads + quadsOfItem - 1) / quadsOfItem * ((tiles + tilesOfItem - 1) / tilesOfItem)
    return [
      Launch(
        .linearBackwardWeight,
        areImagesItems ? lanes(groups: groups(of: items) + groups(of: quads)) : lanes(items + quads),
        [
          .buffer(d.input), .buffer(d.outputGradient), .buffer(d.weightGradient), .buffer(d.biasGradient),
          .int(d.shape.inputs), .int(d.shape.outputs), .int(Blocking.blocks(d.shape.batch)),
          .int(quadsOfItem), .int(tilesOfItem),
        ])
    ]
  }
}
