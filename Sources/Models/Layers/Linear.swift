import Programs

extension Layer {
  /// A linear layer [N, inputs] → [N, outputs].
  ///
  /// Parameters: `NAME.weight` [outputs, inputs], `NAME.bias` [outputs].
  public static func linear(
    _ name: String, outputs: Int, activation: LayerActivation = .identity, dropout: Double = 0
  ) -> Layer {
    Layer(
      LinearLayer(name: name, outputs: outputs, follow: Follow(activation: activation, dropout: dropout)))
  }
}

private struct LinearLayer: LayerDefinition {
  let name: String
  let outputs: Int
  let follow: Follow

  var form: LayerForm { .linear }
  var description: String { "linear \(name) outputs=\(outputs)\(follow)" }

  func output(of input: MapShape) throws -> MapShape {
    try requireFeatures(name, input)
    return .features(outputs)
  }

  func modules(_ input: MapShape) throws -> [ModuleShape] {
    [ModuleShape(name: name, linear: outputs, inputs: input.count)]
  }

  func forward(_ site: LayerSite, _ pass: inout ForwardPass, _ lowering: inout Lowering) throws -> Value {
    let output = lowering.builder.buffer(
      site.name, .images(batch: pass.batch, .features(outputs)), site.storage)
    try lowering.appendLinear(site, module: 0, output, follow.activation.fused ?? .identity)
    return try lowering.follow(site, output, &pass)
  }

  func backward(
    _ site: LayerSite, _ gradient: Buffer, below: Buffer?, _ pass: ForwardPass, _ places: GradientPlaces,
    _ lowering: inout Lowering
  ) throws -> [Operation] {
    if let below { try lowering.backwardInput(site, module: 0, gradient, below, mask: site.input.mask) }
    return try lowering.backwardWeight(site, module: 0, gradient, places)
  }
}

/// Throws: `ProgramError` if `input` is a map instead of a vector of features.
func requireFeatures(_ layer: String, _ input: MapShape) throws {
  guard input.height == 1, input.width == 1 else {
    throw ProgramError(layer, "takes features, got a map of \(input): put a flatten before it")
  }
}

extension ModuleShape {
  /// A linear module of `inputs` → `outputs`.
  init(name: String, linear outputs: Int, inputs: Int) {
    self.init(
      name: name, weight: .linear(outputs: outputs, inputs: inputs), outputs: outputs, isConvolution: false)
  }
}

// Shared by all layers made of linear modules.
extension Lowering {
  mutating func appendLinear(
    _ site: LayerSite, module: Int, _ output: Buffer, _ activation: Activation
  ) throws {
    let (weight, bias) = tensors(layer: site.index, module: module)
    append(
      try LinearForward(
        input: site.input.buffer, weight: parameters[weight], bias: parameters[bias], output: output,
        activation: activation))
  }

  func backwardWeight(
    _ site: LayerSite, module: Int, _ gradient: Buffer, _ places: GradientPlaces
  ) throws -> [Operation] {
    let (weight, bias) = tensors(layer: site.index, module: module)
    guard places.trainable.contains(weight) else { return [] }
    return [
      Operation(
        try LinearBackwardWeight(
          input: site.input.buffer, outputGradient: gradient, weightGradient: places.tensors[weight],
          biasGradient: places.tensors[bias]))
    ]
  }

  mutating func backwardInput(
    _ site: LayerSite, module: Int, _ gradient: Buffer, _ below: Buffer, mask: ReLUMask?,
    accumulate: Bool = false
  ) throws {
    let (weight, _) = tensors(layer: site.index, module: module)
    append(
      try LinearBackwardInput(
        outputGradient: gradient, weight: parameters[weight], inputGradient: below, mask: mask,
        accumulate: accumulate))
  }
}
