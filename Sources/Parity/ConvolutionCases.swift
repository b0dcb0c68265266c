import Programs

/// A convolution of either kind: channels in and out, height and width of the input, kernel, stride, padding, output
/// padding, batch.
private struct Sizes: Sendable {
  let inputs, outputs, height, width, kernel, stride, padding, outputPadding, batch: Int

  /// One column more than rows unless `w` is given, to reveal swapped rows and columns.
  init(
    _ inputs: Int, _ outputs: Int, _ height: Int, w: Int? = nil, k: Int, s: Int, p: Int, op: Int = 0, n: Int
  ) {
    (self.inputs, self.outputs, self.height, width) = (inputs, outputs, height, w ?? height + 1)
    (kernel, stride, padding, outputPadding, batch) = (k, s, p, op, n)
  }

  func convolution(_ direction: Convolution.Direction) throws -> Convolution {
    let input = MapShape(inputs, height, width)
    let geometry =
      direction == .down
      ? try ConvolutionGeometry.conv2D(
        input: input, outputs: outputs, kernel: kernel, stride: stride, padding: padding)
      : try ConvolutionGeometry.convTranspose2D(
        input: input, outputs: outputs, kernel: kernel, stride: stride, padding: padding,
        outputPadding: OutputPadding(outputPadding))
    return Convolution(direction, geometry, batch: batch)
  }

  var name: String {
    "\(inputs)→\(outputs) \(height)×\(width) k\(kernel) s\(stride) p\(padding)+\(outputPadding) n\(batch)"
  }
}

private let down = [
  Sizes(1, 8, 28, k: 3, s: 2, p: 1, n: 37), Sizes(8, 16, 14, k: 3, s: 2, p: 1, n: 16),
  Sizes(16, 32, 7, k: 3, s: 2, p: 0, n: 33), Sizes(1, 1, 5, k: 3, s: 1, p: 1, n: 1),
  Sizes(3, 5, 6, k: 5, s: 1, p: 2, n: 7), Sizes(2, 7, 9, k: 4, s: 3, p: 1, n: 17),
  Sizes(7, 3, 8, k: 2, s: 2, p: 0, n: 64), Sizes(5, 6, 4, k: 1, s: 1, p: 0, n: 40),
  Sizes(4, 13, 5, k: 3, s: 3, p: 2, n: 31), Sizes(11, 2, 6, k: 3, s: 1, p: 0, n: 97),
  Sizes(3, 4, 10, k: 7, s: 2, p: 3, n: 5),
  // Colour, and sides with other remainders; the gradient goes up to one, two and three channels.
  Sizes(3, 8, 32, k: 3, s: 2, p: 1, n: 20), Sizes(3, 8, 17, w: 45, k: 3, s: 2, p: 1, n: 3),
  Sizes(2, 5, 31, w: 8, k: 3, s: 2, p: 0, n: 18), Sizes(1, 8, 128, w: 128, k: 3, s: 2, p: 1, n: 3),
  // Maps of one or two pixels, with taps that fall outside everywhere.
  Sizes(3, 4, 1, w: 1, k: 3, s: 2, p: 1, n: 17), Sizes(1, 5, 2, w: 1, k: 3, s: 2, p: 1, n: 9),
  Sizes(6, 2, 1, w: 2, k: 5, s: 3, p: 2, n: 33), Sizes(4, 4, 1, w: 1, k: 1, s: 1, p: 0, n: 5),
  // More values for a result than stay in the first cache.
  Sizes(41, 35, 4, k: 3, s: 1, p: 1, n: 18),
]

private let up = [
  Sizes(32, 16, 3, k: 3, s: 2, p: 0, n: 33), Sizes(16, 8, 7, k: 3, s: 2, p: 1, op: 1, n: 16),
  Sizes(8, 1, 14, k: 3, s: 2, p: 1, op: 1, n: 37), Sizes(1, 1, 3, k: 3, s: 1, p: 1, n: 1),
  Sizes(5, 3, 6, k: 5, s: 1, p: 2, n: 7), Sizes(7, 2, 3, k: 4, s: 3, p: 1, op: 2, n: 17),
  Sizes(3, 7, 4, k: 2, s: 2, p: 0, n: 64), Sizes(6, 5, 4, k: 1, s: 2, p: 0, op: 1, n: 40),
  Sizes(13, 4, 3, k: 3, s: 3, p: 2, op: 1, n: 31), Sizes(2, 11, 5, k: 3, s: 1, p: 0, n: 97),
  Sizes(4, 1, 5, k: 7, s: 2, p: 3, n: 5), Sizes(3, 1, 9, k: 5, s: 3, p: 0, op: 2, n: 18),
  Sizes(8, 3, 16, k: 3, s: 2, p: 1, op: 1, n: 20), Sizes(8, 3, 9, w: 23, k: 3, s: 2, p: 1, op: 0, n: 3),
  Sizes(5, 2, 16, w: 4, k: 3, s: 2, p: 0, op: 1, n: 18),
  Sizes(8, 1, 64, w: 64, k: 3, s: 2, p: 1, op: 1, n: 3),
  Sizes(4, 3, 1, w: 1, k: 3, s: 2, p: 1, n: 17), Sizes(5, 1, 2, w: 1, k: 3, s: 2, p: 1, op: 1, n: 9),
  Sizes(2, 6, 1, w: 2, k: 5, s: 3, p: 2, op: 2, n: 33), Sizes(4, 4, 1, w: 1, k: 1, s: 1, p: 0, n: 5),
  Sizes(83, 7, 3, k: 3, s: 2, p: 1, op: 1, n: 18), Sizes(330, 1, 3, k: 2, s: 1, p: 0, n: 3),
]

let convolutionCases: [OperationCase] =
  cases(.down, down, .conv2DForward, .conv2DBackwardInput, .conv2DBackwardWeight)
  + cases(
    .up, up, .convTranspose2DForward, .convTranspose2DBackwardInput, .convTranspose2DBackwardWeight)

private func cases(
  _ direction: Convolution.Direction, _ table: [Sizes], _ forward: Operation.Kind,
  _ backwardInput: Operation.Kind, _ backwardWeight: Operation.Kind
) -> [OperationCase] {
  table.enumerated().flatMap { index, sizes in
    // Activations and masks alternate, so that each is tested with several shapes.
    let activation = Activation.allCases[index % Activation.allCases.count]
    return ([.integers, .wide] + (index % 4 == 0 ? [.tiny] : [])).flatMap { (fill: Fill) in
      let name = "\(sizes.name) \(fill)"
      let closed = [
        OperationCase(forward, "\(name) \(activation)") { setup in
          let c = try sizes.convolution(direction)
          return Operation(
            try ConvolutionForward(
              c, input: setup.images("input", c.batch, c.input, fill),
              weight: setup.parameter("weight", c.geometry.weight, fill),
              bias: setup.parameter("bias", .bias(c.output.channels), fill),
              output: setup.images("output", c.batch, c.output), activation: activation))
        },
        OperationCase(backwardInput, index % 2 == 0 ? "\(name) masked" : name) { setup in
          let c = try sizes.convolution(direction)
          let mask =
            index % 2 == 0 ? ReLUMask(setup.images("mask", c.batch, c.input, .moderate), scale: 1.25) : nil
          return Operation(
            try ConvolutionBackwardInput(
              c, outputGradient: setup.images("outputGradient", c.batch, c.output, fill),
              weight: setup.parameter("weight", c.geometry.weight, fill),
              inputGradient: setup.images("inputGradient", c.batch, c.input), mask: mask))
        },
      ]
      // The sums of a chunk are not closed yet: the sign of their zeros is unspecified.
      if case .tiny = fill { return closed }
      return closed + [
        OperationCase(backwardWeight, name) { setup in
          let c = try sizes.convolution(direction)
          let weights = Blocking.wholeSegments(c.geometry.weight.packedCount)
          let stride = weights + Blocking.wholeSegments(c.output.channels)
          return Operation(
            try ConvolutionBackwardWeight(
              c, input: setup.images("input", c.batch, c.input, fill),
              outputGradient: setup.images("outputGradient", c.batch, c.output, fill),
              partials: setup.buffer("partials", .floats(stride * Blocking.chunks(c.batch))),
              weightOffset: 0, biasOffset: weights, stride: stride))
        }
      ]
    }
  }
}
