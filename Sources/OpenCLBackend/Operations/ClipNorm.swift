import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: ClipNorm) throws -> [Launch] {
    var launches: [Launch] = []
    var first = 0
    for tensor in d.tensors {
      guard case .parameter(let shape) = tensor.contents else { continue }
      launches.append(
        Launch(
          .clipNormPartial, items(ClipNorm.chunks(tensor)),
          [
            .buffer(tensor), .buffer(d.partials), .int(shape.count), .int(shape.kernel * shape.kernel),
            .int(shape.big), .int(first),
          ]))
      first += ClipNorm.chunks(tensor)
    }
    let chunks = try constant("clip norm", d.tensors.map { UInt32(ClipNorm.chunks($0)) })
    let total = Launch(
      .clipNormTotal, items(1),
      [
        .buffer(d.partials), .words(chunks), .buffer(d.factor), .int(d.tensors.count), .float(d.maximum),
      ])
    return launches + [total]
  }
}
