import Programs

/// The result of lowering `gradients` and `update`.
package struct TrainHandles {
  package let batches: BatchBuffers
  /// The gradients of the program's parts one after another.
  package let gradients: Buffer
  /// Their sums of losses, `sums[part · slots + slot]`, parts counted from the program's first.
  package let sums: Buffer
  /// The parts that the program computes, if not all.
  package let share: Range<Int>?
  /// The sums that `gradients` then leaves, each in the row of its first part; see ``PartTree``.
  package let nodes: [Range<Int>]
  package let state: [Buffer]
  package let status: Buffer
}

extension Lowering {
  /// The routines `gradients` (every part forward and backward, each with its own sums) and `update` (joining the
  /// parts, one update): several processes may combine their parts between the two.
  ///
  /// A program with only some of the parts joins them into the largest whole nodes of the tree over all parts at the
  /// end of `gradients`; its `update` expects the sums over the whole batch in the place of its first part.
  mutating func lowerTrain(_ shape: TrainingShape) throws -> TrainHandles {
    let (partSize, parts) = (configuration.partSize, configuration.partCount)
    let share = shape.parts ?? 0..<parts
    guard !share.isEmpty, share.upperBound <= parts else {
      throw ProgramError("training", "parts \(share) of \(parts)")
    }
    let batches = batchBuffers(
      "train", steps: shape.steps, batch: configuration.batchSize, rowLength: parts * partSize)
    let trainable = table.trainable(shape.layers)
    let gradients = builder.buffer("gradients", .floats(share.count * table.arenaCount), .persistent)
    let sums = lossSums("train", parts: share.count)
    let partials = partialsBuffer(trainable, partSize: partSize)
    let segments = segments("convolution segments", trainable.filter { table.parameters[$0].isConvolution })

    var firstTensors: [Buffer] = []
    for part in share {
      let row = part - share.lowerBound
      let prefix = parts == 1 ? "train." : "train.part\(part)."
      let style = PassStyle(
        prefix: prefix, isTraining: true, noise: architecture.noise, binarise: configuration.binarise,
        persistent: [], samples: configuration.posteriorSamples)
      let source = BatchSource(
        table: batches.table, indices: batches.indices, rowLength: batches.rowLength,
        firstImage: part * partSize)
      let places = gradientPlaces(gradients, row, prefix, partials, trainable)
      if row == 0 { firstTensors = places.tensors }

      var pass = try lowerInput(source, batch: partSize, style)
      try lowerLayers(&pass, style)
      let loss = try lowerLoss(&pass, style, wantsGradient: true, storage: .transient)
      try lowerBackward(pass, loss.gradient!, places, style)
      if let partials {
        append(
          try SumPartials(
            partials: partials, rows: partials.count / table.convolutionCount, stride: table.convolutionCount,
            segments: segments, gradients: places.arena))
      }
      try sumLosses(loss.perImage, into: sums, part: row)
    }
    let nodes = shape.parts.map { PartTree.nodes(within: $0, of: parts) } ?? []
    let joined = nodes.contains { $0.count > 1 } || shape.parts == nil && parts > 1
    let trained = joined ? self.segments("trainable segments", trainable) : nil
    for node in nodes where node.count > 1 {
      try joinGradients(gradients, row: node.lowerBound - share.lowerBound, rows: node.count, trained!)
    }
    finish(.gradients)

    try joinLosses(sums, parts: shape.parts == nil ? parts : 1, batches)
    if shape.parts == nil, parts > 1 { try joinGradients(gradients, row: 0, rows: parts, trained!) }
    let clip = try lowerClip(gradients, firstTensors, trainable)
    let (state, status) = try lowerUpdate(batches, gradients, trainable, clip)
    finish(.update)
    return TrainHandles(
      batches: batches, gradients: gradients, sums: sums, share: shape.parts, nodes: nodes, state: state,
      status: status)
  }

  /// Joins the gradients of `rows` parts from `row` on, into the first of these rows.
  private mutating func joinGradients(_ gradients: Buffer, row: Int, rows: Int, _ segments: Buffer) throws {
    let stride = table.arenaCount
    let part =
      row == 0
      ? gradients
      : builder.buffer(
        "gradients.\(row)", .floats(rows * stride), .region(of: gradients.id, offset: row * stride))
    append(
      try SumPartials(partials: part, rows: rows, stride: stride, segments: segments, gradients: part))
  }

  private mutating func partialsBuffer(_ trainable: Set<Int>, partSize: Int) -> Buffer? {
    guard trainable.contains(where: { table.parameters[$0].isConvolution }) else { return nil }
    // After a posterior there are chunks for all samples. Rows that the layers before it do not write stay zero.
    let samples = architecture.isVariational ? configuration.posteriorSamples : 1
    let rows = (samples - 1) * Blocking.blocks(partSize) * Blocking.block + partSize
    return builder.buffer(
      "partials", .floats(Blocking.chunks(rows) * table.convolutionCount), .persistent)
  }

  /// The segments of these tensors, ascending.
  private mutating func segments(_ name: String, _ tensors: Set<Int>) -> Buffer {
    let segments = tensors.flatMap { table.parameters[$0].segments }.sorted()
    return builder.buffer(name, .words(segments.count), .constant(segments))
  }

  private mutating func gradientPlaces(
    _ gradients: Buffer, _ row: Int, _ prefix: String, _ partials: Buffer?, _ trainable: Set<Int>
  ) -> GradientPlaces {
    let base = row * table.arenaCount
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
    append(
      try ClipNorm(
        gradients: gradients, tensors: clipped, maximum: Float(configuration.clipNorm),
        partials: builder.buffer("clip.partials", .floats(chunks), .transient), factor: factor))
    return factor
  }

  private mutating func lowerUpdate(
    _ batches: BatchBuffers, _ gradients: Buffer, _ trainable: Set<Int>, _ clip: Buffer?
  ) throws -> (state: [Buffer], status: Buffer) {
    let owners = table.owners(trainable: trainable)
    let segments = builder.buffer("segments", .words(owners.count), .constant(owners))
    let state = configuration.optimizer.stateNames.map {
      builder.buffer("optimizer.\($0)", .floats(table.arenaCount), .persistent)
    }
    let status = builder.buffer("status", .words(1), .persistent)
    append(
      try Update(
        rule: configuration.rule, weightDecay: Float(configuration.weightDecay),
        decoupled: configuration.optimizer == .adamw, parameters: arena, gradients: gradients, state: state,
        segments: segments, table: batches.table, losses: batches.losses, lossSlots: slots.count,
        status: status, tensors: table.parameters.count, clip: clip))
    return (state, status)
  }
}
