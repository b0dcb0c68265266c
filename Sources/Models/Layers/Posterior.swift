import Programs

extension Layer {
  /// The latent code of a variational autoencoder: [N, inputs] → mean and log-variance, two linear modules, and a sample
  /// of them [N, latent].
  ///
  /// Parameters: `NAME.mu.weight`, `NAME.mu.bias`, `NAME.logvar.weight`, `NAME.logvar.bias`, as for linear layers.
  /// Source: Kingma & Welling, Auto-Encoding Variational Bayes (2014).
  public static func posterior(_ name: String, latent: Int) -> Layer {
    Layer(PosteriorLayer(name: name, latent: latent))
  }

  /// Whether this is the latent code of a variational autoencoder.
  package var isPosterior: Bool { definition is PosteriorLayer }
}

private struct PosteriorLayer: LayerDefinition {
  let name: String
  let latent: Int

  var form: LayerForm { .posterior }
  var description: String { "posterior \(name) latent=\(latent)" }

  func output(of input: MapShape) throws -> MapShape {
    try requireFeatures(name, input)
    return .features(latent)
  }

  func modules(_ input: MapShape) throws -> [ModuleShape] {
    ["mu", "logvar"].map { ModuleShape(name: "\(name).\($0)", linear: latent, inputs: input.count) }
  }

  /// Mean, log-variance and samples; without sampling the mean is passed on. With several samples the following layers are
  /// computed for each.
  func forward(_ site: LayerSite, _ pass: inout ForwardPass, _ lowering: inout Lowering) throws -> Value {
    func buffer(_ suffix: String, _ batch: Int, _ lowering: inout Lowering) -> Buffer {
      lowering.builder.buffer(
        "\(site.name).\(suffix)", .images(batch: batch, .features(latent)), site.storage)
    }
    let mean = buffer("mu", pass.batch, &lowering)
    let logVariance = buffer("logvar", pass.batch, &lowering)
    try lowering.appendLinear(site, module: 0, mean, .identity)
    try lowering.appendLinear(site, module: 1, logVariance, .identity)
    pass.moments = (mean, logVariance)
    guard site.style.samples > 0 else { return Value(buffer: mean, maskScale: nil) }
    let source = pass.source.repeated(site.style.samples)
    (pass.batch, pass.source) = (source.rows(images: pass.batch), source)
    let operation = try ReparameterizeForward(
      mean: mean, logVariance: logVariance, output: buffer("sample", pass.batch, &lowering), source: source,
      random: lowering.random(site.style.isTraining ? .reparameterization : .evaluationReparameterization))
    lowering.append(operation)
    pass.posterior = operation
    return Value(buffer: operation.output, maskScale: nil)
  }

  /// Backward through the sample to mean and log-variance, and through both modules to their common input.
  func backward(
    _ site: LayerSite, _ gradient: Buffer, below: Buffer?, _ pass: ForwardPass, _ places: GradientPlaces,
    _ lowering: inout Lowering
  ) throws -> [Operation] {
    let prefix = site.style.prefix
    let (batch, shape) = pass.posterior!.mean.images!
    let mean = lowering.images(prefix + "mu.gradient", batch: batch, shape)
    let logVariance = lowering.images(prefix + "logvar.gradient", batch: batch, shape)
    if let importance = pass.importance {
      lowering.append(
        try ImportanceBackward(
          pass.posterior!, weights: importance.weights, outputGradient: gradient, meanGradient: mean,
          logVarianceGradient: logVariance))
    } else {
      lowering.append(
        try ReparameterizeBackward(
          pass.posterior!, outputGradient: gradient, meanGradient: mean, logVarianceGradient: logVariance))
    }
    if let below {
      try lowering.backwardInput(site, module: 0, mean, below, mask: nil)
      try lowering.backwardInput(
        site, module: 1, logVariance, below, mask: site.input.mask, accumulate: true)
    }
    return try lowering.backwardWeight(site, module: 0, mean, places)
      + lowering.backwardWeight(site, module: 1, logVariance, places)
  }
}
