import Programs

extension Layer {
  /// A convolution [N, C, H, W] → [N, outputs, h, w] with a square kernel; h = ⌊(H + 2·padding − kernel) / stride⌋ + 1.
  ///
  /// Parameters: `NAME.weight` [outputs, C, kernel, kernel], `NAME.bias` [outputs].
  public static func conv2D(
    _ name: String, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    activation: LayerActivation = .identity, dropout: Double = 0
  ) -> Layer {
    Layer(
      ConvolutionLayer(
        name: name, direction: .down, outputs: outputs, kernel: kernel, stride: stride, padding: padding,
        outputPadding: .init(height: 0, width: 0), follow: Follow(activation: activation, dropout: dropout)))
  }

  /// A transposed convolution [N, C, h, w] → [N, outputs, H, W] with a square kernel;
  /// H = (h − 1)·stride − 2·padding + kernel + output padding, which may differ for height and width.
  ///
  /// Parameters: `NAME.weight` [C, outputs, kernel, kernel], `NAME.bias` [outputs].
  public static func convTranspose2D(
    _ name: String, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    outputPadding: OutputPadding = .init(height: 0, width: 0), activation: LayerActivation = .identity,
    dropout: Double = 0
  ) -> Layer {
    Layer(
      ConvolutionLayer(
        name: name, direction: .up, outputs: outputs, kernel: kernel, stride: stride, padding: padding,
        outputPadding: outputPadding, follow: Follow(activation: activation, dropout: dropout)))
  }
}

/// A convolution of either kind.
private struct ConvolutionLayer: LayerDefinition {
  let name: String
  let direction: Convolution.Direction
  let outputs: Int
  let kernel: Int
  let stride: Int
  let padding: Int
  let outputPadding: OutputPadding
  let follow: Follow

  var form: LayerForm {
    direction == .down
      ? .convolution(stride: stride, padding: padding)
      : .transposedConvolution(stride: stride, padding: padding, outputPadding: outputPadding)
  }
  var description: String {
    let kind = direction == .down ? "conv2d" : "conv_transpose2d"
    let more = direction == .down ? "" : " output-padding=\(outputPadding.height),\(outputPadding.width)"
    return
      "\(kind) \(name) outputs=\(outputs) kernel=\(kernel) stride=\(stride) padding=\(padding)\(more)\(follow)"
  }

  private func convolution(_ input: MapShape, batch: Int) throws -> Convolution {
    Convolution(
      direction,
      direction == .down
        ? try .conv2D(input: input, outputs: outputs, kernel: kernel, stride: stride, padding: padding)
        : try .convTranspose2D(
          input: input, outputs: outputs, kernel: kernel, stride: stride, padding: padding,
          outputPadding: outputPadding),
      batch: batch)
  }

  func output(of input: MapShape) throws -> MapShape { try convolution(input, batch: 1).output }

  func modules(_ input: MapShape) throws -> [ModuleShape] {
    let weight = try convolution(input, batch: 1).geometry.weight
    return [ModuleShape(name: name, weight: weight, outputs: outputs, isConvolution: true)]
  }

  func forward(_ site: LayerSite, _ pass: inout ForwardPass, _ lowering: inout Lowering) throws -> Value {
    let (weight, bias) = lowering.tensors(layer: site.index)
    let convolution = try convolution(site.shape, batch: pass.batch)
    let output = lowering.builder.buffer(
      site.name, .images(batch: pass.batch, convolution.output), site.storage)
    lowering.append(
      try ConvolutionForward(
        convolution, input: site.input.buffer, weight: lowering.parameters[weight],
        bias: lowering.parameters[bias], output: output, activation: follow.activation.fused ?? .identity))
    return try lowering.follow(site, output, &pass)
  }

  func backward(
    _ site: LayerSite, _ gradient: Buffer, below: Buffer?, _ pass: ForwardPass, _ places: GradientPlaces,
    _ lowering: inout Lowering
  ) throws -> [Operation] {
    let (weight, bias) = lowering.tensors(layer: site.index)
    let convolution = try convolution(site.shape, batch: gradient.images!.batch)
    let table = lowering.table
    if places.trainable.contains(weight) {
      lowering.append(
        try ConvolutionBackwardWeight(
          convolution, input: site.input.buffer, outputGradient: gradient, partials: places.partials!,
          weightOffset: table.parameters[weight].offset, biasOffset: table.parameters[bias].offset,
          stride: table.convolutionCount))
    }
    if let below {
      lowering.append(
        try ConvolutionBackwardInput(
          convolution, outputGradient: gradient, weight: lowering.parameters[weight], inputGradient: below,
          mask: site.input.mask))
    }
    return []
  }
}
