import Programs

private let shapes: [(MapShape, Int, Int)] = [
  (MapShape(1, 28, 28), 37, 0), (MapShape(2, 3, 4), 16, 3), (.features(10), 1, 0), (.features(784), 65, 2),
]

let lossCases: [OperationCase] =
  importanceCases
  + shapes.enumerated().flatMap { index, sizes in
    let (shape, batch, first) = sizes
    let wantsGradient = index != 2
    let name = "\(shape) n\(batch)\(wantsGradient ? "" : " without gradient")"
    return [
      OperationCase(.meanSquaredError, name) { setup in
        Operation(
          try MeanSquaredError(
            reconstruction(&setup, sizes, .unit, wantsGradient, index % 2 == 0 ? .sigmoid : .identity)))
      },
      OperationCase(.binaryCrossEntropy, name) { setup in
        Operation(
          try BinaryCrossEntropy(reconstruction(&setup, sizes, .moderate, wantsGradient, .identity)))
      },
    ] + latentCases(latent: [2, 10, 1, 7][index], batch: batch, first: first)
      + [classCase(classes: [10, 2, 3, 11][index], batch: batch, first: first, wantsGradient)]
  }
  // Each lane of a block once as the last that holds an image.
  + (2...15).map { classCase(classes: 2, batch: $0, first: 0, true) }

private func reconstruction(
  _ setup: inout CaseProgram, _ sizes: (MapShape, Int, Int), _ prediction: Fill, _ wantsGradient: Bool,
  _ activation: Activation
) -> ReconstructionLoss {
  let (shape, batch, first) = sizes
  return ReconstructionLoss(
    prediction: setup.images("prediction", batch, shape, prediction),
    target: setup.images("target", batch, shape, .unit),
    perImage: setup.images("perImage", batch, .features(1)),
    gradient: wantsGradient ? setup.images("gradient", batch, shape) : nil, activation: activation,
    source: setup.source(batch: batch, first: first))
}

private func classCase(classes: Int, batch: Int, first: Int, _ wantsGradient: Bool) -> OperationCase {
  OperationCase(.crossEntropy, "\(classes) classes n\(batch)") { setup in
    Operation(
      try CrossEntropy(
        logits: setup.images("logits", batch, .features(classes), first == 0 ? .integers : .moderate),
        labels: setup.buffer("labels", .bytes(50), .labels(UInt32(classes))),
        source: setup.source(batch: batch, first: first),
        perImage: setup.images("perImage", batch, .features(1)),
        correct: setup.images("correct", batch, .features(1)),
        gradient: wantsGradient ? setup.images("gradient", batch, .features(classes)) : nil))
  }
}

private func latentCases(latent: Int, batch: Int, first: Int) -> [OperationCase] {
  let (shape, name) = (MapShape.features(latent), "latent \(latent) n\(batch)")
  @Sendable func forward(_ setup: inout CaseProgram) throws -> ReparameterizeForward {
    try ReparameterizeForward(
      mean: setup.images("mean", batch, shape, .moderate),
      logVariance: setup.images("logVariance", batch, shape, .moderate),
      output: setup.images("output", batch, shape), source: setup.source(batch: batch, first: first),
      random: RandomSource(seed: 11, stream: 0x600))
  }
  return [
    OperationCase(.reparameterizeForward, name) { Operation(try forward(&$0)) },
    OperationCase(.reparameterizeBackward, name) { setup in
      Operation(
        try ReparameterizeBackward(
          try forward(&setup), outputGradient: setup.images("outputGradient", batch, shape, .wide),
          meanGradient: setup.images("meanGradient", batch, shape),
          logVarianceGradient: setup.images("logVarianceGradient", batch, shape)))
    },
    OperationCase(.klDivergence, name) { setup in
      Operation(
        try KLDivergence(
          mean: setup.images("mean", batch, shape, .moderate),
          logVariance: setup.images("logVariance", batch, shape, .moderate),
          reconstruction: setup.images("reconstruction", batch, .features(1), .moderate),
          divergence: setup.images("divergence", batch, .features(1)),
          total: setup.images("total", batch, .features(1)), source: setup.source(batch: batch, first: first))
      )
    },
  ]
}
