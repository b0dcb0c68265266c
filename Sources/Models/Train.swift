import Programs

/// What lowering `train` gives.
struct TrainHandles {
  let batches: BatchBuffers
  let gradients: Buffer
  let state: [Buffer]
  let status: Buffer
}

/// Where a part's gradients go.
struct GradientPlaces {
  /// The part's whole arena.
  let arena: Buffer
  /// The tensors in it, in state order.
  let tensors: [Buffer]
  /// Chunk-wise gradients of the convolutions; nil where none trains.
  let partials: Buffer?
  /// Tensors that train, in state order.
  let trainable: Set<Int>
}

extension Lowering {
  /// The routine `train`: every part forward and backward, the parts' gradients joined, one update.
  ///
  /// The batch is cut into parts of ⌈batch / shards⌉ images; a last part may hold fewer.
  mutating func lowerTrain(_ shape: TrainingShape) throws -> TrainHandles {
    let partSize = (configuration.batchSize + configuration.shards - 1) / configuration.shards
    let parts = (configuration.batchSize + partSize - 1) / partSize
    let batches = batchBuffers(
      "train", steps: shape.steps, batch: configuration.batchSize, rowLength: parts * partSize)
    let trainable = table.trainable(shape.layers)
    let gradients = builder.buffer("gradients", .floats(parts * table.arenaCount), .persistent)
    let partials = partialsBuffer(trainable, partSize: partSize)
    let segments = segments("convolution segments", trainable.filter { table.parameters[$0].isConvolution })

    var perImage: [Metric: [Buffer]] = [:]
    var firstTensors: [Buffer] = []
    for part in 0..<parts {
      let prefix = parts == 1 ? "train." : "train.part\(part)."
      let style = PassStyle(
        prefix: prefix, isTraining: true, noise: architecture.noise, persistent: [], samples: true)
      let source = BatchSource(
        table: batches.table, indices: batches.indices, rowLength: batches.rowLength,
        firstImage: part * partSize)
      let places = gradientPlaces(gradients, part, prefix, partials, trainable)
      if part == 0 { firstTensors = places.tensors }

      var pass = try lowerInput(source, batch: partSize, style)
      try lowerLayers(&pass, style)
      let loss = try lowerLoss(pass, style, wantsGradient: true, storage: .transient)
      for (metric, buffer) in loss.perImage { perImage[metric, default: []].append(buffer) }
      try lowerBackward(pass, loss.gradient!, places, prefix)
      if let partials {
        operations.append(
          .sumPartials(
            try SumPartials(
              partials: partials, rows: Blocking.chunks(partSize), stride: table.convolutionCount,
              segments: segments, gradients: places.arena)))
      }
    }
    try sumLosses(perImage, batches)
    if parts > 1 {
      operations.append(
        .sumPartials(
          try SumPartials(
            partials: gradients, rows: parts, stride: table.arenaCount,
            segments: self.segments("trainable segments", trainable), gradients: gradients)))
    }
    let clip = try lowerClip(gradients, firstTensors, trainable)
    return try lowerUpdate(batches, gradients, trainable, clip)
  }

  private mutating func partialsBuffer(_ trainable: Set<Int>, partSize: Int) -> Buffer? {
    guard trainable.contains(where: { table.parameters[$0].isConvolution }) else { return nil }
    return builder.buffer(
      "partials", .floats(Blocking.chunks(partSize) * table.convolutionCount), .persistent)
  }

  /// The segments of these tensors, ascending.
  private mutating func segments(_ name: String, _ tensors: Set<Int>) -> Buffer {
    let segments = tensors.flatMap { table.parameters[$0].segments }.sorted()
    return builder.buffer(name, .words(segments.count), .constant(segments))
  }

  private mutating func gradientPlaces(
    _ gradients: Buffer, _ part: Int, _ prefix: String, _ partials: Buffer?, _ trainable: Set<Int>
  ) -> GradientPlaces {
    let base = part * table.arenaCount
    return GradientPlaces(
      arena: builder.buffer(
        prefix + "gradients", .floats(table.arenaCount), .region(of: gradients.id, offset: base)),
      tensors: Self.regions(of: gradients, table, &builder, prefix: prefix + "gradient.", base: base),
      partials: partials, trainable: trainable)
  }

  private mutating func lowerClip(
    _ gradients: Buffer, _ tensors: [Buffer], _ trainable: Set<Int>
  ) throws -> Buffer? {
    guard configuration.clipNorm > 0 else { return nil }
    let clipped = trainable.sorted().map { tensors[$0] }
    let chunks = clipped.reduce(0) { $0 + ClipNorm.chunks($1) }
    let factor = builder.buffer("clip", .floats(2), .transient)
    operations.append(
      .clipNorm(
        try ClipNorm(
          gradients: gradients, tensors: clipped, maximum: Float(configuration.clipNorm),
          partials: builder.buffer("clip.partials", .floats(chunks), .transient), factor: factor)))
    return factor
  }

  private mutating func lowerUpdate(
    _ batches: BatchBuffers, _ gradients: Buffer, _ trainable: Set<Int>, _ clip: Buffer?
  ) throws -> TrainHandles {
    let owners = table.owners(trainable: trainable)
    let segments = builder.buffer("segments", .words(owners.count), .constant(owners))
    let state = configuration.optimizer.stateNames.map {
      builder.buffer("optimizer.\($0)", .floats(table.arenaCount), .persistent)
    }
    let status = builder.buffer("status", .words(1), .persistent)
    operations.append(
      .update(
        try Update(
          rule: configuration.rule, weightDecay: Float(configuration.weightDecay),
          decoupled: configuration.optimizer == .adamw, parameters: arena, gradients: gradients, state: state,
          segments: segments, table: batches.table, losses: batches.losses, lossSlots: slots.count,
          status: status, tensors: table.parameters.count, clip: clip)))
    finish(.train)
    return TrainHandles(batches: batches, gradients: gradients, state: state, status: status)
  }
}
