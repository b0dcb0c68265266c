import CPUKernels
import Programs

extension Memory {
  func launches(_ d: SumPartials) -> [Launch] {
    let (partials, segments, gradients) = (floats(d.partials), words(d.segments), floats(d.gradients))
    let (rows, stride) = (d.rows, d.stride)
    return [
      Launch(items: d.segments.count, grain: 8) { item, _, _ in
        let offset = Int(segments[item]) * Blocking.segment
        joinRows(
          partials + offset, count: rows, stride: stride, width: Blocking.segment, into: gradients + offset)
      }
    ]
  }

  func launches(_ d: SumPerImage) -> [Launch] {
    let (values, blocks) = (images(d.perImage), Blocking.blocks(d.perImage.images!.batch))
    let sum = floats(d.sums) + d.place
    return [Launch(items: 1) { _, _, _ in sum.pointee = sumImages(values, blocks: blocks) }]
  }

  func launches(_ d: JoinLosses) -> [Launch] {
    let (sums, table, losses) = (floats(d.sums), words(d.table), floats(d.losses))
    let (parts, slots, scaled) = (d.parts, d.slots, d.scaled)
    return [
      Launch(items: 1) { _, _, step in
        joinRows(sums, count: parts, stride: slots, width: slots, into: losses + step * slots)
        let scale = Float(bitPattern: table[step * StepTable.width + StepField.lossScale.rawValue])
        for slot in 0..<slots where scaled[slot] { losses[step * slots + slot] *= scale }
      }
    ]
  }
}
