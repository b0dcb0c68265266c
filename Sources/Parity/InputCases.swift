import Programs

private let shapes: [(MapShape, Int, Int)] = [
  (MapShape(1, 28, 28), 37, 0), (MapShape(1, 28, 28), 16, 16), (MapShape(3, 2, 3), 1, 0),
  (.features(7), 65, 5),
]

private let seeds: [UInt64] = [0, 0x0123_4567_89ab_cdef, .max]

let inputCases: [OperationCase] =
  shapes.enumerated().flatMap { index, sizes in
    let (shape, batch, first) = sizes
    let random = RandomSource(seed: seeds[index % seeds.count], stream: UInt32(0x400 + index))
    let name = "\(shape) n\(batch) from \(first)"
    return [
      OperationCase(.gatherImages, name) { setup in
        Operation(
          try GatherImages(
            dataset: setup.buffer("dataset", .bytes(50 * shape.count), .bytes),
            source: setup.source(batch: batch, first: first), output: setup.images("output", batch, shape)))
      },
      OperationCase(.gatherImages, name + " out of a window") { setup in
        let source = setup.source(batch: batch, first: first)
        return Operation(
          try GatherImages(
            dataset: setup.buffer("dataset", .bytes(2 * source.rowLength * shape.count), .bytes),
            source: source, output: setup.images("output", batch, shape), rows: 2))
      },
      OperationCase(.addNoise, name) { setup in
        Operation(
          try AddNoise(
            input: setup.images("input", batch, shape, .unit), output: setup.images("output", batch, shape),
            source: setup.source(batch: batch, first: first), random: random, factor: 0.5))
      },
      OperationCase(.binarise, name) { setup in
        Operation(
          try Binarise(
            input: setup.images("input", batch, shape, .unit), output: setup.images("output", batch, shape),
            source: setup.source(batch: batch, first: first), random: random, isFresh: index % 2 == 0))
      },
      OperationCase(.dropoutForward, name) { setup in
        Operation(try dropout(&setup, shape, batch, first, random))
      },
      OperationCase(.dropoutBackward, name) { setup in
        let forward = try dropout(&setup, shape, batch, first, random)
        return Operation(
          try DropoutBackward(
            forward, outputGradient: setup.images("outputGradient", batch, shape, .wide),
            inputGradient: setup.images("inputGradient", batch, shape)))
      },
    ]
  }
  // Each lane of a block once as the last that holds an image.
  + (2...15).map { batch in
    OperationCase(.gatherImages, "\(MapShape(1, 1, 2)) n\(batch)") { setup in
      Operation(
        try GatherImages(
          dataset: setup.buffer("dataset", .bytes(100), .bytes), source: setup.source(batch: batch),
          output: setup.images("output", batch, MapShape(1, 1, 2))))
    }
  }
  + [
    // After a posterior there are several samples of each image.
    OperationCase(.dropoutForward, "[1, 3, 3] n21 from 2, 3 samples") { setup in
      Operation(
        try dropout(&setup, MapShape(1, 3, 3), 21, 2, RandomSource(seed: 3, stream: 0x501), samples: 3))
    }
  ]
  + [
    (ParameterShape.convolution(small: 6, big: 5, kernel: 3), Float(0.1)),
    (.linear(outputs: 10, inputs: 7), 0.37),
    (.bias(5), 1), (.linear(outputs: 1, inputs: 1), 0.5),
  ].map { shape, bound in
    OperationCase(.initialise, "\(shape)") { setup in
      Operation(
        try Initialise(
          parameter: setup.parameter("parameter", shape), random: RandomSource(seed: 7, stream: 0x105),
          bound: bound))
    }
  }

private func dropout(
  _ setup: inout CaseProgram, _ shape: MapShape, _ batch: Int, _ first: Int, _ random: RandomSource,
  samples: Int = 1
) throws -> DropoutForward {
  let source = setup.source(batch: batch, first: first).repeated(samples)
  let rows = source.rows(images: batch)
  return try DropoutForward(
    input: setup.images("input", rows, shape, .wide), output: setup.images("output", rows, shape),
    source: source, random: random, probability: 0.3)
}
