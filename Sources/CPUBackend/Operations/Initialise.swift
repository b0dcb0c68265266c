import CPUKernels
import Programs

extension Memory {
  func launches(_ d: Initialise) -> [Launch] {
    let (pointer, shape, random, bound) = (floats(d.parameter), d.shape, d.random, d.bound)
    return [
      Launch(items: 1) { _, _, _ in
        initialise(
          pointer, small: shape.dimensions[0], big: shape.big, taps: shape.kernel * shape.kernel,
          seed: random.seed, stream: random.stream, bound: bound)
      }
    ]
  }
}
