import Kernels
import Programs

/// Arguments of `initialise`.
struct InitialiseArguments: KernelArguments {
  let descriptor: Initialise
  var kernel: Kernel { .initialise }
  var arguments: [Argument] {
    let shape = descriptor.shape
    return [
      .buffer(descriptor.parameter), .int(shape.packedCount), .int(shape.kernel * shape.kernel),
      .int(shape.big), .int(shape.dimensions[0]),
    ] + descriptor.random.arguments + [.float(descriptor.bound)]
  }
}

extension LaunchPlanner {
  func launches(_ d: Initialise) -> [Launch] {
    [Launch(InitialiseArguments(descriptor: d), items(d.shape.packedCount))]
  }
}
