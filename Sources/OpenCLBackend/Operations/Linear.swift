import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: LinearForward) -> [Launch] {
    [launch(d, Epilogue(d)!)] + activation(after: d.activation, d.output)
  }

  func launch(_ d: LinearForward, _ epilogue: Epilogue) -> Launch {
    let square = squares(d.shape.batch, tiles: (d.shape.outputs + 3) / 4, run: d.shape.inputs)
    return Launch(
      .linearForward,
      square ?? runs(d.shape.batch, tiles: (d.shape.outputs + 3) / 4, run: d.shape.inputs),
      [
        .buffer(d.input), .buffer(d.weight), .buffer(d.bias), .buffer(epilogue.output), .int(d.shape.inputs),
        .int(d.shape.outputs),
      ] + epilogue.forward + epilogue.mapSizes + [.flag(square != nil)])
  }

  func launches(_ d: LinearBackwardInput) -> [Launch] { [launch(d, Epilogue(d)!)] }

  func launch(_ d: LinearBackwardInput, _ epilogue: Epilogue) -> Launch {
    let square = squares(d.shape.batch, tiles: (d.shape.inputs + 3) / 4, run: d.shape.outputs)
    return Launch(
      .linearBackwardInput,
      square ?? runs(d.shape.batch, tiles: (d.shape.inputs + 3) / 4, run: d.shape.outputs),
      [
        .buffer(d.outputGradient), .buffer(d.weight), epilogue.maskOutput, .buffer(epilogue.output),
        .int(d.shape.inputs), .int(d.shape.outputs),
      ] + epilogue.backward + [.flag(d.accumulate)] + epilogue.mapSizes
        + [epilogue.isMaskFlattened, .flag(square != nil)])
  }

  func launches(_ d: LinearBackwardWeight) -> [Launch] {
    let work = LinearWeightWork(d.shape, self)
    return [
      Launch(
        .linearBackwardWeight, work.grid,
        [
          .buffer(d.input), .buffer(d.outputGradient), .buffer(d.weightGradient), .buffer(d.biasGradient),
          .int(d.shape.inputs), .int(d.shape.outputs), .int(Blocking.blocks(d.shape.batch)),
          .int(work.itemQuads), .int(work.itemTiles),
        ])
    ]
  }
}

/// How the weight gradient of a linear layer is divided.
struct LinearWeightWork {
  /// Quads of outputs and tiles of inputs per work-item.
  let itemQuads, itemTiles: Int
  /// Groups, if lanes are work-items.
  private(set) var groups = 0
  let grid: Grid

  init(_ shape: LinearShape, _ planner: LaunchPlanner) {
    let (quads, tiles) = ((shape.outputs + 3) / 4, (shape.inputs + 2) / 3)
    // On a GPU several tiles per work-item share reads, if one tile each would be more than the device can hold.
    let isLarge = quads * tiles * Blocking.lanes > 512 * planner.units
    (itemQuads, itemTiles) = planner.areImagesItems ? isLarge ? (2, 2) : (1, 1) : (4, 8)
    let items = (quads + itemQuads - 1) / itemQuads * ((tiles + itemTiles - 1) / itemTiles)
    if planner.areImagesItems {
      groups = planner.groups(of: items) + planner.groups(of: quads)
      grid = planner.lanes(groups: groups)
    } else {
      grid = planner.lanes(items + quads)
    }
  }
}
