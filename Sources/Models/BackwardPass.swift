import Programs

extension Lowering {
  /// Gradients of all trainable tensors, last layer first, given the gradient of what the last layer computes
  /// before its activation.
  ///
  /// Layers below the lowest trainable one get no operation, and the lowest itself no input gradient: frozen
  /// layers cost nothing here. The weight gradients of linear layers, which sum over the whole part, come last:
  /// all before them works chunk by chunk, so that a backend may take one chunk through all of it.
  mutating func lowerBackward(
    _ pass: ForwardPass, _ outputGradient: Buffer, _ places: GradientPlaces, _ prefix: String
  ) throws {
    guard let lowest = places.trainable.map({ table.parameters[$0].layer }).min() else { return }
    var gradient = outputGradient
    var sums: [Operation] = []
    for index in architecture.layers.indices.reversed() where index >= lowest {
      let layer = architecture.layers[index]
      let input = pass.inputs[index]!
      // The name says what it is the gradient of: the input of this layer.
      let below =
        index > lowest
        ? images("\(prefix)\(layer.name).input.gradient", batch: pass.batch, input.buffer.images!.shape) : nil
      switch layer.kind {
      case .convolution, .transposedConvolution:
        try backwardConvolution(index, input, gradient, below, places)
      case .linear:
        sums += try backwardWeight(index, module: 0, input.buffer, gradient, places)
        if let below { try backwardInput(index, module: 0, gradient, below, mask: input.mask) }
      case .posterior:
        sums += try backwardPosterior(index, pass, gradient, below, places, prefix)
      // Flatten and unflatten are each other's gradients; the mask was applied to the copy.
      case .flatten:
        if let below { operations.append(.unflatten(try Unflatten(input: gradient, output: below))) }
      case .unflatten:
        if let below { operations.append(.flatten(try Flatten(input: gradient, output: below))) }
      }
      if let below { gradient = below }
    }
    operations += sums
  }

  private mutating func backwardConvolution(
    _ index: Int, _ input: Value, _ gradient: Buffer, _ below: Buffer?, _ places: GradientPlaces
  ) throws {
    let (weight, bias) = tensors(layer: index)
    let (batch, shape) = input.buffer.images!
    let convolution = try architecture.layers[index].convolution(shape, batch: batch)!
    if places.trainable.contains(weight) {
      operations.append(
        .convolutionBackwardWeight(
          try ConvolutionBackwardWeight(
            convolution, input: input.buffer, outputGradient: gradient, partials: places.partials!,
            weightOffset: table.parameters[weight].offset, biasOffset: table.parameters[bias].offset,
            stride: table.convolutionCount)))
    }
    if let below {
      operations.append(
        .convolutionBackwardInput(
          try ConvolutionBackwardInput(
            convolution, outputGradient: gradient, weight: parameters[weight], inputGradient: below,
            mask: input.mask)))
    }
  }

  /// Through the sample to mean and log-variance, and through both layers to their common input. Returns the
  /// weight gradients.
  private mutating func backwardPosterior(
    _ index: Int, _ pass: ForwardPass, _ gradient: Buffer, _ below: Buffer?, _ places: GradientPlaces,
    _ prefix: String
  ) throws -> [Operation] {
    let input = pass.inputs[index]!
    let shape = gradient.images!.shape
    let mean = images(prefix + "mu.gradient", batch: pass.batch, shape)
    let logVariance = images(prefix + "logvar.gradient", batch: pass.batch, shape)
    operations.append(
      .reparameterizeBackward(
        try ReparameterizeBackward(
          pass.posterior!, outputGradient: gradient, meanGradient: mean, logVarianceGradient: logVariance)))
    if let below {
      try backwardInput(index, module: 0, mean, below, mask: nil)
      try backwardInput(index, module: 1, logVariance, below, mask: input.mask, accumulate: true)
    }
    return try backwardWeight(index, module: 0, input.buffer, mean, places)
      + backwardWeight(index, module: 1, input.buffer, logVariance, places)
  }

  private func backwardWeight(
    _ index: Int, module: Int, _ input: Buffer, _ gradient: Buffer, _ places: GradientPlaces
  ) throws -> [Operation] {
    let (weight, bias) = tensors(layer: index, module: module)
    guard places.trainable.contains(weight) else { return [] }
    return [
      .linearBackwardWeight(
        try LinearBackwardWeight(
          input: input, outputGradient: gradient, weightGradient: places.tensors[weight],
          biasGradient: places.tensors[bias]))
    ]
  }

  private mutating func backwardInput(
    _ index: Int, module: Int, _ gradient: Buffer, _ below: Buffer, mask: ReLUMask?, accumulate: Bool = false
  ) throws {
    let (weight, _) = tensors(layer: index, module: module)
    operations.append(
      .linearBackwardInput(
        try LinearBackwardInput(
          outputGradient: gradient, weight: parameters[weight], inputGradient: below, mask: mask,
          accumulate: accumulate)))
  }
}
