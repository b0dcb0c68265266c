import CPUKernels
import Programs

extension SumPartials {
  func launch(_ memory: Memory) -> Launch {
    let (partials, segments, gradients) = (
      memory.floats(partials), memory.words(segments), memory.floats(gradients)
    )
    let (rows, stride) = (rows, stride)
    return Launch(items: self.segments.count, grain: 8) { item, _, _ in
      let offset = Int(segments[item]) * Blocking.segment
      joinRows(
        partials + offset, count: rows, stride: stride, width: Blocking.segment, into: gradients + offset)
    }
  }
}

extension SumPerImage {
  func launch(_ memory: Memory) -> Launch {
    let parts = perImage.map { (memory.images($0), Blocking.blocks($0.images!.batch)) }
    let (table, results, scaled) = (memory.words(table), memory.floats(results), scaled)
    let (slot, slots) = (slot, slots)
    return Launch(items: 1) { _, _, step in
      var sums = parts.map { sumImages($0.0, blocks: $0.1) }
      let sum = sums.withUnsafeMutableBufferPointer { joinTree($0.baseAddress!, count: $0.count) }
      let scale = Float(bitPattern: table[step * StepTable.width + StepField.lossScale.rawValue])
      results[step * slots + slot] = scaled ? sum * scale : sum
    }
  }
}
