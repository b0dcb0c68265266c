import CPUKernels
import Programs

extension Memory {
  func launches(_ d: GatherImages) -> [Launch] {
    let (from, to, part) = (bytes(d.dataset), blocks(d.output), Part(d.source, d.output, self))
    let (size, rows) = (MapSize(d.output.images!.shape), d.rows)
    return perBlock(d.output) { block, worker, step in
      gatherImages(
        from, size, indices: part.indices(block, step), count: part.there(block, step),
        row: rows == 0 ? nil : part.place(block, step, rows: rows), output: to(block, worker))
    }
  }

  func launches(_ d: AddNoise) -> [Launch] {
    let (from, to, part) = (blocks(d.input), blocks(d.output), Part(d.source, d.output, self))
    let (size, random, factor) = (MapSize(d.output.images!.shape), d.random, d.factor)
    return perBlock(d.output) { block, worker, step in
      addNoise(
        from(block, worker), size, random: part.random(random, block, step), level: factor,
        output: to(block, worker))
    }
  }

  func launches(_ d: Binarise) -> [Launch] {
    let (from, to, part) = (blocks(d.input), blocks(d.output), Part(d.source, d.output, self))
    let (size, random, isFresh) = (MapSize(d.output.images!.shape), d.random, d.isFresh)
    return perBlock(d.output) { block, worker, step in
      binarise(
        from(block, worker), size, random: part.random(random, block, step, isFresh: isFresh),
        output: to(block, worker))
    }
  }
}
