import Programs

/// Number of images, their start in the batch, samples of each, latent width.
private struct Sizes {
  let images: Int
  let first: Int
  let samples: Int
  let latent: Int
  var gradient = Fill.wide
  var name: String { "latent \(latent) n\(images) from \(first), \(samples) samples" }
}

/// Tails of blocks and of quads, one image, one sample, more than a chunk.
private let sizes: [Sizes] = [
  Sizes(images: 37, first: 0, samples: 3, latent: 2),
  Sizes(images: 16, first: 3, samples: 5, latent: 10, gradient: .tiny),
  Sizes(images: 1, first: 0, samples: 7, latent: 1), Sizes(images: 65, first: 2, samples: 1, latent: 7),
]

let importanceCases: [OperationCase] = sizes.flatMap { sizes in
  [
    OperationCase(.reparameterizeForward, sizes.name) { Operation(try forward(&$0, sizes)) },
    OperationCase(.binaryCrossEntropy, sizes.name) { Operation(try BinaryCrossEntropy(loss(&$0, sizes))) },
    OperationCase(.meanSquaredError, sizes.name) { Operation(try MeanSquaredError(loss(&$0, sizes))) },
    OperationCase(.sampledDivergence, sizes.name) { setup in
      let forward = try forward(&setup, sizes)
      let rows = forward.output.images!.batch
      return Operation(
        try SampledDivergence(
          forward, reconstruction: setup.images("reconstruction", rows, .features(1), .moderate),
          divergence: setup.images("divergence", rows, .features(1)),
          total: setup.images("total", rows, .features(1))))
    },
    OperationCase(.importanceWeights, sizes.name) { setup in
      let source = source(&setup, sizes)
      func figure(_ name: String, _ count: Int, _ fill: Fill?, _ setup: inout CaseProgram) -> Buffer {
        setup.images(name, count, .features(1), fill)
      }
      let rows = source.rows(images: sizes.images)
      return Operation(
        try ImportanceWeights(
          total: figure("total", rows, .moderate, &setup),
          reconstruction: figure("reconstruction", rows, .wide, &setup),
          divergence: figure("divergence", rows, .integers, &setup),
          weights: figure("weights", rows, nil, &setup),
          loss: figure("loss", sizes.images, nil, &setup),
          meanReconstruction: figure("meanReconstruction", sizes.images, nil, &setup),
          meanDivergence: figure("meanDivergence", sizes.images, nil, &setup), source: source))
    },
    OperationCase(.weighSamples, sizes.name) { setup in
      let (shape, rows) = (MapShape(sizes.latent, 3, 2), sizes.images)
      return Operation(
        try WeighSamples(
          input: setup.images("input", rows, shape, .wide),
          weights: setup.images("weights", rows, .features(1), .unit),
          output: setup.images("output", rows, shape)))
    },
    OperationCase(.importanceBackward, sizes.name) { setup in
      let forward = try forward(&setup, sizes)
      let (rows, shape) = forward.output.images!
      return Operation(
        try ImportanceBackward(
          forward, weights: setup.images("weights", rows, .features(1), .unit),
          outputGradient: setup.images("outputGradient", rows, shape, sizes.gradient),
          meanGradient: setup.images("meanGradient", sizes.images, shape),
          logVarianceGradient: setup.images("logVarianceGradient", sizes.images, shape)))
    },
  ]
}

private func source(_ setup: inout CaseProgram, _ sizes: Sizes) -> BatchSource {
  setup.source(batch: sizes.images, first: sizes.first).repeated(sizes.samples)
}

private func forward(_ setup: inout CaseProgram, _ sizes: Sizes) throws -> ReparameterizeForward {
  let (source, shape) = (source(&setup, sizes), MapShape.features(sizes.latent))
  return try ReparameterizeForward(
    mean: setup.images("mean", sizes.images, shape, .moderate),
    logVariance: setup.images("logVariance", sizes.images, shape, .moderate),
    output: setup.images("output", source.rows(images: sizes.images), shape, .moderate), source: source,
    random: RandomSource(seed: 11, stream: 0x600))
}

private func loss(_ setup: inout CaseProgram, _ sizes: Sizes) throws -> ReconstructionLoss {
  let (source, shape) = (source(&setup, sizes), MapShape(sizes.latent, 2, 3))
  let rows = source.rows(images: sizes.images)
  return ReconstructionLoss(
    prediction: setup.images("prediction", rows, shape, .moderate),
    target: setup.images("target", sizes.images, shape, .unit),
    perImage: setup.images("perImage", rows, .features(1)), gradient: setup.images("gradient", rows, shape),
    activation: .identity, source: source)
}
