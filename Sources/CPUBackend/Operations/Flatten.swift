import CPUKernels
import Programs

extension Memory {
  func launches(_ d: Flatten) -> [Launch] { transpose(d.input, d.output, map: d.input, toFeatures: true) }

  func launches(_ d: Unflatten) -> [Launch] { transpose(d.input, d.output, map: d.output, toFeatures: false) }

  private func transpose(_ input: Buffer, _ output: Buffer, map: Buffer, toFeatures: Bool) -> [Launch] {
    let (size, from, to) = (MapSize(map.images!.shape), blocks(input), blocks(output))
    return perBlock(map) { block, worker, _ in
      transposeMap(size, from(block, worker), to(block, worker), toFeatures: toFeatures)
    }
  }
}
