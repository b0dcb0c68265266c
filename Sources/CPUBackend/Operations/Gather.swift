import CPUKernels
import Programs

extension Memory {
  func launches(_ d: GatherImages) -> [Launch] {
    let (from, to, part) = (bytes(d.dataset), images(d.output), Part(d.source, d.output, self))
    let (size, vectors) = (MapSize(d.output.images!.shape), d.output.blockVectors)
    let rows = d.rows
    return perBlock(d.output) { block, step in
      gatherImages(
        from, size, indices: part.indices(block, step), count: part.there(block, step),
        row: rows == 0 ? nil : part.place(block, step, rows: rows), output: to + block * vectors)
    }
  }

  func launches(_ d: AddNoise) -> [Launch] {
    let (from, to, part) = (images(d.input), images(d.output), Part(d.source, d.output, self))
    let (size, vectors) = (MapSize(d.output.images!.shape), d.output.blockVectors)
    let (random, factor) = (d.random, d.factor)
    return perBlock(d.output) { block, step in
      addNoise(
        from + block * vectors, size, random: part.random(random, block, step), level: factor,
        output: to + block * vectors)
    }
  }

  func launches(_ d: Binarise) -> [Launch] {
    let (from, to, part) = (images(d.input), images(d.output), Part(d.source, d.output, self))
    let (size, vectors) = (MapSize(d.output.images!.shape), d.output.blockVectors)
    let (random, isFresh) = (d.random, d.isFresh)
    return perBlock(d.output) { block, step in
      binarise(
        from + block * vectors, size, random: part.random(random, block, step, isFresh: isFresh),
        output: to + block * vectors)
    }
  }
}
