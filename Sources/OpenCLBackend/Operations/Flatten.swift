import Kernels
import Programs

/// Arguments of `flatten`, either way.
struct FlattenArguments: KernelArguments {
  let input: Buffer
  let output: Buffer
  let map: MapShape
  let isInverse: Bool
  let span: Int
  var kernel: Kernel { .flatten }
  var arguments: [Argument] {
    [
      .buffer(input), .buffer(output), .int(map.channels), .int(map.height * map.width), .flag(isInverse),
      .int(span),
    ]
  }
}

extension LaunchPlanner {
  func launches(_ d: Flatten) -> [Launch] { flatten(d.input, d.output, map: d.input, isInverse: false) }

  func launches(_ d: Unflatten) -> [Launch] { flatten(d.input, d.output, map: d.output, isInverse: true) }

  private func flatten(_ input: Buffer, _ output: Buffer, map: Buffer, isInverse: Bool) -> [Launch] {
    let (batch, shape) = map.images!
    let span = span(Self.elementSpan)
    return [
      Launch(
        FlattenArguments(input: input, output: output, map: shape, isInverse: isInverse, span: span),
        elements(batch, shape.count, span: span))
    ]
  }
}
