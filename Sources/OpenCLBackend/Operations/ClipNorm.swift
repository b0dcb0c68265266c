import Kernels
import Programs

/// Arguments of `clip_norm_partial` for one tensor.
struct ClipNormPartialArguments: KernelArguments {
  let tensor: Buffer
  let shape: ParameterShape
  let partials: Buffer
  let firstPartial: Int
  var kernel: Kernel { .clipNormPartial }
  var arguments: [Argument] {
    [
      .buffer(tensor), .buffer(partials), .int(shape.count), .int(shape.kernel * shape.kernel),
      .int(shape.big), .int(firstPartial),
    ]
  }
}

/// Arguments of `clip_norm_total`.
struct ClipNormTotalArguments: KernelArguments {
  let descriptor: ClipNorm
  let chunksOfTensor: DeviceMemory
  var kernel: Kernel { .clipNormTotal }
  var arguments: [Argument] {
    [
      .buffer(descriptor.partials), .memory(chunksOfTensor), .buffer(descriptor.factor),
      .int(descriptor.tensors.count), .float(descriptor.maximum),
    ]
  }
}

extension LaunchPlanner {
  func launches(_ d: ClipNorm) throws -> [Launch] {
    var launches: [Launch] = []
    var first = 0
    for tensor in d.tensors {
      guard case .parameter(let shape) = tensor.contents else { continue }
      let arguments = ClipNormPartialArguments(
        tensor: tensor, shape: shape, partials: d.partials, firstPartial: first)
      launches.append(Launch(arguments, items(ClipNorm.chunks(tensor))))
      first += ClipNorm.chunks(tensor)
    }
    let chunks = try constant("clip norm", d.tensors.map { UInt32(ClipNorm.chunks($0)) })
    return launches + [Launch(ClipNormTotalArguments(descriptor: d, chunksOfTensor: chunks), items(1))]
  }
}
