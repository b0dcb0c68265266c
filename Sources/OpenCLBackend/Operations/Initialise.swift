import Kernels
import Programs

extension LaunchPlanner {
  func launches(_ d: Initialise) -> [Launch] {
    let shape = d.shape
    return [
      Launch(
        .initialise, items(shape.packedCount),
        [
          .buffer(d.parameter), .int(shape.packedCount), .int(shape.kernel * shape.kernel), .int(shape.big),
          .int(shape.dimensions[0]),
        ] + d.random.arguments + [.float(d.bound)])
    ]
  }
}
