import CPUKernels
import Programs

extension Memory {
  func launches(_ d: Flatten) -> [Launch] { transpose(d.input, d.output, map: d.input, toFeatures: true) }

  func launches(_ d: Unflatten) -> [Launch] { transpose(d.input, d.output, map: d.output, toFeatures: false) }

  private func transpose(_ input: Buffer, _ output: Buffer, map: Buffer, toFeatures: Bool) -> [Launch] {
    let (from, to) = (images(input), images(output))
    let (size, vectors) = (MapSize(map.images!.shape), map.blockVectors)
    return perBlock(map) { block, _ in
      transposeMap(size, from + block * vectors, to + block * vectors, toFeatures: toFeatures)
    }
  }
}
