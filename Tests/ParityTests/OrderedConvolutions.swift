import Programs
import TestSupport

extension OrderedSum {
  /// A kernel of 3 × 3 over two channels, on maps whose middle pixel is reached by every tap: going down the only pixel
  /// of the small map, going up that of a big map of 3 × 3.
  private static func convolution(
    _ direction: Convolution.Direction, goingDown isDown: Bool, batch: Int
  ) throws -> Convolution {
    Convolution(
      direction,
      try .conv2D(
        input: MapShape(2, 3, 3), outputs: 2, kernel: 3, stride: 1, padding: isDown ? 0 : 1),
      batch: batch)
  }

  /// The number, from 0, of the term for a value of the input map: taps ascend in (ky, kx, channel).
  private static func term(goingDown isDown: Bool, _ channel: Int, _ y: Int, _ x: Int) -> Int {
    let (ky, kx) = isDown ? (y, x) : (2 - y, 2 - x)
    return (ky * 3 + kx) * 2 + channel
  }

  /// Term 0 is the bias: an image per probe, and outputs with a bias of 1 and of 2¹⁰⁰.
  static func convolutionForward(_ direction: Convolution.Direction) -> OrderedSum {
    OrderedSum("convolution \(direction)", .chain(0...18)) { backend, probes in
      var bench = OperationBench()
      let isDown = direction == .down
      let c = try convolution(direction, goingDown: isDown, batch: probes.count)
      let input = values(c.batch, c.input) { n, channel, y, x in
        probes[n].value(1 + term(goingDown: isDown, channel, y, x))
      }
      let operation = try ConvolutionForward(
        c, input: bench.images("input", c.batch, c.input, input),
        weight: bench.parameter("weight", c.geometry.weight, ones(c.geometry.weight.count)),
        bias: bench.parameter("bias", .bias(2), [1, 0x1p100]),
        output: bench.images("output", c.batch, c.output), activation: .identity)
      bench.add(Operation(operation))
      let sums = try bench.run(on: backend).tensor(operation.output)
      return probes.enumerated().map { n, probe in
        [sums[middle(c.output, image: n, channel: probe.first == 0 ? 1 : 0)]]
      }
    }
  }

  /// The gradient goes in the opposite direction.
  static func convolutionBackwardInput(_ direction: Convolution.Direction) -> OrderedSum {
    OrderedSum("convolution \(direction), backward", .chain(0..<18)) { backend, probes in
      var bench = OperationBench()
      let isDown = direction == .up
      let c = try convolution(direction, goingDown: isDown, batch: probes.count)
      let gradient = values(c.batch, c.output) { n, channel, y, x in
        probes[n].value(term(goingDown: isDown, channel, y, x))
      }
      let operation = try ConvolutionBackwardInput(
        c, outputGradient: bench.images("gradient", c.batch, c.output, gradient),
        weight: bench.parameter("weight", c.geometry.weight, ones(c.geometry.weight.count)),
        inputGradient: bench.images("result", c.batch, c.input), mask: nil)
      bench.add(Operation(operation))
      let sums = try bench.run(on: backend).tensor(operation.inputGradient)
      return probes.indices.map { [sums[middle(c.input, image: $0, channel: 0)]] }
    }
  }

  /// The index of a map's middle pixel in PyTorch's order.
  private static func middle(_ shape: MapShape, image: Int, channel: Int) -> Int {
    let row = (image * shape.channels + channel) * shape.height + shape.height / 2
    return row * shape.width + shape.width / 2
  }

  /// Terms are (image, one of two pixels of a row), inputs 1; an output channel per probe. The middle weight and the
  /// bias, joined over chunks.
  static func convolutionBackwardWeight(_ direction: Convolution.Direction) -> OrderedSum {
    let images = 70
    let chunks: [SumTree?] = (0..<Blocking.chunks(images)).map { chunk in
      SumTree.lanes { laneTerms(chunk, lane: $0, images: images) }
    }
    return OrderedSum("convolution \(direction), weights and biases", .neighbours(chunks)) {
      backend, probes in
      try inStrips(probes, of: 256) { try weightGradients(direction, images: images, backend, $0) }
    }
  }

  /// A lane's terms of a chunk, in the order (block, x, half of the block).
  private static func laneTerms(_ chunk: Int, lane: Int, images: Int) -> [Int] {
    var terms: [Int] = []
    for block in 0..<Blocking.chunk / Blocking.block {
      for x in 0..<2 {
        for half in 0..<Blocking.block / Blocking.lanes {
          let image = chunk * Blocking.chunk + block * Blocking.block + half * Blocking.lanes + lane
          if image < images { terms.append(image * 2 + x) }
        }
      }
    }
    return terms
  }

  private static func weightGradients(
    _ direction: Convolution.Direction, images: Int, _ backend: any Backend, _ probes: [OrderProbe]
  ) throws -> [[Float]] {
    var bench = OperationBench()
    let geometry =
      direction == .down
      ? try ConvolutionGeometry.conv2D(
        input: MapShape(1, 1, 3), outputs: probes.count, kernel: 3, stride: 2, padding: 1)
      : try ConvolutionGeometry.convTranspose2D(
        input: MapShape(1, 1, 2), outputs: probes.count, kernel: 3, stride: 2, padding: 1,
        outputPadding: OutputPadding(1))
    let c = Convolution(direction, geometry, batch: images)
    // Going up, the middle weight is used at every other pixel of the first row.
    let step = direction == .down ? 1 : 2
    let gradient = values(images, c.output) { n, output, y, x in
      y == 0 && x % step == 0 ? probes[output].value(n * 2 + x / step) : 0
    }
    let weights = Blocking.wholeSegments(geometry.weight.packedCount)
    let (rows, stride) = (Blocking.chunks(images), weights + Blocking.wholeSegments(probes.count))
    let operation = try ConvolutionBackwardWeight(
      c, input: bench.images("input", images, c.input, ones(images * c.input.count)),
      outputGradient: bench.images("gradient", images, c.output, gradient),
      partials: bench.floats("partials", rows * stride), weightOffset: 0, biasOffset: weights, stride: stride)
    bench.add(Operation(operation))
    let join = try join(rows: rows, stride: stride, of: operation.partials, &bench)
    bench.add(Operation(join))
    let sums = try bench.run(on: backend).floats(join.gradients)
    let kernels = geometry.weight.unpack(sums[...])
    return probes.indices.map { output in
      // [outputs, 1, 3, 3] or [1, outputs, 3, 3]: either way nine numbers per output, the fifth in the middle.
      [kernels[output * 9 + 4], sums[weights + output]]
    }
  }
}
