import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: Flatten) -> [Launch] { flatten(d.input, d.output, map: d.input, isInverse: false) }

  func launches(_ d: Unflatten) -> [Launch] { flatten(d.input, d.output, map: d.output, isInverse: true) }

  private func flatten(_ input: Buffer, _ output: Buffer, map: Buffer, isInverse: Bool) -> [Launch] {
    let (batch, shape) = map.images!
    let span = span(Self.elementSpan)
    return [
      Launch(
        .flatten, elements(batch, shape.count, span: span),
        [.buffer(input), .buffer(output)] + shape.arguments + [.flag(isInverse), .int(span)])
    ]
  }
}
