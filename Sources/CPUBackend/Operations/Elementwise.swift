import CPUKernels
import Programs

/// Vectors that one item of an element-wise operation covers.
private let strip = 512

private func strips(_ buffer: Buffer, _ body: @escaping (_ first: Int, _ count: Int) -> Void) -> Launch {
  let vectors = buffer.count / 8
  return Launch(items: (vectors + strip - 1) / strip, grain: 4) { item, _, _ in
    body(item * strip, min(strip, vectors - item * strip))
  }
}

extension ActivationForward {
  func launch(_ memory: Memory) -> Launch {
    let (from, to, function) = (memory.images(input), memory.images(output), activation.function)
    return strips(input) { first, count in
      activationForward(from + first, to + first, count: count, function: function)
    }
  }
}

extension ActivationBackward {
  func launch(_ memory: Memory) -> Launch {
    let (result, from, to) = (
      memory.images(output), memory.images(outputGradient), memory.images(inputGradient)
    )
    let function = activation.function
    return strips(output) { first, count in
      activationBackward(
        result: result + first, from + first, to + first, count: count, function: function)
    }
  }
}

extension MapSize {
  init(_ shape: MapShape) { self.init(channels: shape.channels, pixels: shape.height * shape.width) }
}

/// One item for each block of `buffer`'s images.
func perBlock(_ buffer: Buffer, _ body: @escaping (_ block: Int, _ step: Int) -> Void) -> Launch {
  Launch(
    items: Blocking.blocks(buffer.images!.batch), perChunk: Blocking.chunk / Blocking.block
  ) { block, _, step in body(block, step) }
}

private func transposeLaunch(map: Buffer, _ from: MutableImages, _ to: MutableImages, toFeatures: Bool)
  -> Launch
{
  let shape = map.images!.shape
  let (size, vectors) = (MapSize(shape), 2 * shape.count)
  return perBlock(map) { block, _ in
    transposeMap(size, from + block * vectors, to + block * vectors, toFeatures: toFeatures)
  }
}

extension Flatten {
  func launch(_ memory: Memory) -> Launch {
    transposeLaunch(map: input, memory.images(input), memory.images(output), toFeatures: true)
  }
}

extension Unflatten {
  func launch(_ memory: Memory) -> Launch {
    transposeLaunch(map: output, memory.images(input), memory.images(output), toFeatures: false)
  }
}

extension Initialise {
  func launch(_ memory: Memory) -> Launch {
    let (pointer, shape, random, bound) = (memory.floats(parameter), shape, random, bound)
    return Launch(items: 1) { _, _, _ in
      initialise(
        pointer, small: shape.dimensions[0], big: shape.big, taps: shape.kernel * shape.kernel,
        seed: random.seed, stream: random.stream, bound: bound)
    }
  }
}
