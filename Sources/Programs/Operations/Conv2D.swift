/// Rows and columns that a transposed convolution adds at the bottom and the right, to restore the input size of the
/// convolution that it reverses.
public struct OutputPadding: Hashable, Sendable {
  public let height: Int
  public let width: Int

  /// The number of additional rows and columns, each less than the stride.
  public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

  /// The same number of rows and columns.
  public init(_ both: Int) { self.init(height: both, width: both) }
}

/// Geometry shared by convolution and transposed convolution: a big map, a small map, and the taps that
/// join them. Small pixel (y, x) touches big pixels (y·stride − padding + ky, x·stride − padding + kx).
///
/// A convolution goes down from big to small, a transposed convolution up from small to big; the gradient
/// of either goes the other way with the same weights.
package struct ConvolutionGeometry: Hashable, Sendable {
  package let big: MapShape
  package let small: MapShape
  /// Width and height of the kernel.
  package let kernel: Int
  package let stride: Int
  package let padding: Int

  /// Geometry of a convolution of `input` to `outputs` channels; output size ⌊(H + 2p − k) / s⌋ + 1.
  ///
  /// Throws: ``ProgramError`` if a size is out of range or nothing would be left.
  package static func conv2D(
    input: MapShape, outputs: Int, kernel: Int, stride: Int, padding: Int
  ) throws -> ConvolutionGeometry {
    try requireSizes("conv2D", input, outputs, kernel, stride, padding)
    func size(_ n: Int) -> Int { n + 2 * padding < kernel ? 0 : (n + 2 * padding - kernel) / stride + 1 }
    let small = MapShape(outputs, size(input.height), size(input.width))
    try require(
      small.height > 0 && small.width > 0, "conv2D",
      "a kernel of \(kernel) with padding \(padding) does not fit into \(input)")
    return ConvolutionGeometry(big: input, small: small, kernel: kernel, stride: stride, padding: padding)
  }

  /// Geometry of a transposed convolution of `input` to `outputs` channels; output size
  /// (H − 1)·s − 2p + k + output padding.
  ///
  /// Throws: ``ProgramError`` if a size is out of range or nothing would be left.
  package static func convTranspose2D(
    input: MapShape, outputs: Int, kernel: Int, stride: Int, padding: Int, outputPadding: OutputPadding
  ) throws -> ConvolutionGeometry {
    try requireSizes("convTranspose2D", input, outputs, kernel, stride, padding)
    for more in [outputPadding.height, outputPadding.width] {
      try require(
        more >= 0 && more < stride, "convTranspose2D",
        "output padding is \(more), expected 0 ..< the stride \(stride)")
    }
    func size(_ n: Int, _ more: Int) -> Int { (n - 1) * stride - 2 * padding + kernel + more }
    let big = MapShape(
      outputs, size(input.height, outputPadding.height), size(input.width, outputPadding.width))
    try require(
      big.height > 0 && big.width > 0, "convTranspose2D",
      "padding \(padding) leaves nothing of \(input) with a kernel of \(kernel)")
    return ConvolutionGeometry(big: big, small: input, kernel: kernel, stride: stride, padding: padding)
  }

  private static func requireSizes(
    _ operation: String, _ input: MapShape, _ outputs: Int, _ kernel: Int, _ stride: Int, _ padding: Int
  ) throws {
    try require(input.count > 0, operation, "the input \(input) is empty")
    try require(outputs > 0, operation, "\(outputs) output channels, expected at least 1")
    try require((1...15).contains(kernel), operation, "kernel is \(kernel), expected 1...15")
    try require((1...3).contains(stride), operation, "stride is \(stride), expected 1...3")
    try require(
      padding >= 0 && padding < kernel, operation,
      "padding is \(padding), expected 0 ..< the kernel \(kernel)")
  }

  /// Shape of the weights, `[small, big, kernel, kernel]`.
  package var weight: ParameterShape {
    .convolution(small: small.channels, big: big.channels, kernel: kernel)
  }

  /// Multiplications per image in the direction down, including taps outside the map.
  package var products: Int { small.count * big.channels * kernel * kernel }
}

/// What the three operations of a convolution (of either kind) share.
package struct Convolution: Hashable, Sendable {
  package enum Direction: Hashable, Sendable {
    /// Convolution: the input is the big map.
    case down
    /// Transposed convolution: the input is the small map.
    case up
  }
  package let direction: Direction
  package let geometry: ConvolutionGeometry
  package let batch: Int

  var name: String { direction == .down ? "conv2D" : "convTranspose2D" }
  /// Shape of the layer's input.
  package var input: MapShape { direction == .down ? geometry.big : geometry.small }
  /// Shape of the layer's output.
  package var output: MapShape { direction == .down ? geometry.small : geometry.big }
  /// FLOPs of one pass over the batch, a multiplication and an addition for each tap.
  package var flops: Int { 2 * batch * geometry.products }

  /// A convolution of `batch` images.
  package init(_ direction: Direction, _ geometry: ConvolutionGeometry, batch: Int) {
    self.direction = direction
    self.geometry = geometry
    self.batch = batch
  }

  func requireWeight(_ weight: Buffer) throws {
    try requireParameter(name, "weight", weight, geometry.weight)
  }
}

/// Convolution or transposed convolution forward: `output = activation(input ∗ weight + bias)`.
///
/// Shapes: down: input [N, Cbig, H, W] → output [N, Csmall, h, w]; up: the other way.
/// Determinism: per result one fma chain from the bias, taps ascending in (ky, kx, input channel), channel
/// fastest; taps outside the map are skipped; the chain ends with + 0.0, then the activation.
package struct ConvolutionForward: Descriptor {
  package let convolution: Convolution
  package let input: Buffer
  package let weight: Buffer
  package let bias: Buffer
  package let output: Buffer
  package let activation: Activation

  /// Throws: ``ProgramError`` if a buffer has another shape than the geometry asks for.
  package init(
    _ convolution: Convolution, input: Buffer, weight: Buffer, bias: Buffer, output: Buffer,
    activation: Activation
  ) throws {
    try requireImages(convolution.name, "input", input, convolution.batch, convolution.input)
    try requireImages(convolution.name, "output", output, convolution.batch, convolution.output)
    try convolution.requireWeight(weight)
    try requireParameter(convolution.name, "bias", bias, .bias(convolution.output.channels))
    self.convolution = convolution
    self.input = input
    self.weight = weight
    self.bias = bias
    self.output = output
    self.activation = activation
  }

  package var kind: Operation.Kind {
    convolution.direction == .down ? .conv2DForward : .convTranspose2DForward
  }
  package var chunkedBatch: Int? { convolution.batch }
  package var reads: [Buffer] { [input, weight, bias] }
  package var writes: [Buffer] { [output] }
  package var flops: Int { convolution.flops }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Gradient of a convolution (of either kind) with respect to its input.
///
/// Shapes: outputGradient as the layer's output, inputGradient as its input.
/// Determinism: per result one fma chain from +0, taps ascending in (ky, kx, output channel), channel
/// fastest; the chain ends with + 0.0, then the mask selects.
package struct ConvolutionBackwardInput: Descriptor {
  package let convolution: Convolution
  package let outputGradient: Buffer
  package let weight: Buffer
  package let inputGradient: Buffer
  package let mask: ReLUMask?

  /// Throws: ``ProgramError`` if a buffer has another shape than the geometry asks for.
  package init(
    _ convolution: Convolution, outputGradient: Buffer, weight: Buffer, inputGradient: Buffer,
    mask: ReLUMask?
  ) throws {
    let name = convolution.name + " backward"
    try requireImages(name, "output gradient", outputGradient, convolution.batch, convolution.output)
    try requireImages(name, "input gradient", inputGradient, convolution.batch, convolution.input)
    try convolution.requireWeight(weight)
    if let mask { try requireSame(name, inputGradient, mask.output) }
    self.convolution = convolution
    self.outputGradient = outputGradient
    self.weight = weight
    self.inputGradient = inputGradient
    self.mask = mask
  }

  package var kind: Operation.Kind {
    convolution.direction == .down ? .conv2DBackwardInput : .convTranspose2DBackwardInput
  }
  package var chunkedBatch: Int? { convolution.batch }
  package var reads: [Buffer] { [outputGradient, weight] + (mask.map { [$0.output] } ?? []) }
  package var writes: [Buffer] { [inputGradient] }
  package var flops: Int { convolution.flops }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}

/// Gradient of a convolution (of either kind) with respect to weights and bias, chunk by chunk.
///
/// Writes `partials[chunk · stride + offset …]` in packed order, where `weightOffset` and `biasOffset` are
/// the offsets of the two tensors in the gradient arena and `stride` its length; ``SumPartials`` joins the chunks.
/// Determinism: for each chunk of 32 images 8 lanes; in a lane one fma chain (bias: additions) from +0 in
/// ascending (block, y, x, half of the block); y, x run over the layer's output; lanes join as
/// ((l0+l2)+(l1+l3)) + ((l4+l6)+(l5+l7)).
package struct ConvolutionBackwardWeight: Descriptor {
  package let convolution: Convolution
  package let input: Buffer
  package let outputGradient: Buffer
  package let partials: Buffer
  package let weightOffset: Int
  package let biasOffset: Int
  /// Floats from one chunk's partials to the next's.
  package let stride: Int

  /// Throws: ``ProgramError`` if a buffer has another shape than the geometry asks for.
  package init(
    _ convolution: Convolution, input: Buffer, outputGradient: Buffer, partials: Buffer,
    weightOffset: Int, biasOffset: Int, stride: Int
  ) throws {
    let name = convolution.name + " backward"
    try requireImages(name, "input", input, convolution.batch, convolution.input)
    try requireImages(name, "output gradient", outputGradient, convolution.batch, convolution.output)
    try require(
      partials.count >= stride * Blocking.chunks(convolution.batch), name,
      "partials hold \(partials.count) floats, expected \(stride) for each chunk")
    let biases = ParameterShape.bias(convolution.output.channels).packedCount
    let places = [
      weightOffset..<weightOffset + convolution.geometry.weight.packedCount, biasOffset..<biasOffset + biases,
    ]
    try require(
      places.allSatisfy { $0.lowerBound >= 0 && $0.lowerBound % 4 == 0 && $0.upperBound <= stride }
        && !places[0].overlaps(places[1]), name,
      "weights at \(places[0]) and biases at \(places[1]) do not fit into \(stride) floats, four by four")
    self.convolution = convolution
    self.input = input
    self.outputGradient = outputGradient
    self.partials = partials
    self.weightOffset = weightOffset
    self.biasOffset = biasOffset
    self.stride = stride
  }

  package var kind: Operation.Kind {
    convolution.direction == .down ? .conv2DBackwardWeight : .convTranspose2DBackwardWeight
  }
  package var chunkedBatch: Int? { convolution.batch }
  package var reads: [Buffer] { [input, outputGradient] }
  package var writes: [Buffer] { [partials] }
  package var flops: Int { convolution.flops }
  package var traffic: (read: Int, written: Int) {
    let biases = ParameterShape.bias(convolution.output.channels).packedCount
    let floats = convolution.geometry.weight.packedCount + biases
    return (
      input.contents.byteCount + outputGradient.contents.byteCount,
      4 * Blocking.chunks(convolution.batch) * floats
    )
  }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
