import Programs

let sumCases: [OperationCase] =
  [1, 2, 3, 5, 8, 13].flatMap { count in
    [
      OperationCase(.sumPartials, "\(count) chunks") { setup in
        let stride = 6 * Blocking.segment
        return Operation(
          try SumPartials(
            partials: setup.buffer("partials", .floats(count * stride), .wide), rows: count, stride: stride,
            segments: setup.constant("segments", [0, 2, 3, 5]),
            gradients: setup.buffer("gradients", .floats(stride))))
      },
      OperationCase(.sumPartials, "\(count) parts of minus zeros") { setup in
        let parts = count * Blocking.segment
        let zeros = [UInt32](repeating: (-0.0 as Float).bitPattern, count: parts)
        return Operation(
          try SumPartials(
            partials: setup.buffer("partials", .floats(parts), .words(zeros)), rows: count,
            stride: Blocking.segment,
            segments: setup.constant("segments", [0]),
            gradients: setup.buffer("gradients", .floats(Blocking.segment))))
      },
      OperationCase(.sumPartials, "\(count) parts, in place") { setup in
        let stride = 3 * Blocking.segment
        let parts = setup.buffer("parts", .floats(count * stride), .wide)
        return Operation(
          try SumPartials(
            partials: parts, rows: count, stride: stride, segments: setup.constant("segments", [0, 2]),
            gradients: parts))
      },
      OperationCase(.sumPerImage, "part \(count)") { setup in
        Operation(
          try SumPerImage(
            perImage: setup.images("part", [37, 1, 16, 100][count % 4], .features(1), .wide),
            sums: setup.buffer("sums", .floats(14)), place: count))
      },
      OperationCase(.joinLosses, "\(count) parts") { setup in
        let slots = count % 3 + 1
        return Operation(
          try JoinLosses(
            sums: setup.buffer("sums", .floats(count * slots), .wide), parts: count,
            scaled: (0..<slots).map { ($0 + count) % 2 == 0 }, table: setup.source(batch: 1).table,
            losses: setup.buffer("losses", .floats(2 * slots))))
      },
    ]
  }
  // With moderate values, every chunk and every tensor affects the sum; with wide ones, only the largest few.
  + [(0.5, Fill.wide), (1e6, .wide), (90, .moderate)].map { (maximum: Double, fill: Fill) in
    OperationCase(.clipNorm, "at \(maximum)") { setup in
      let shapes: [ParameterShape] = [
        .convolution(small: 7, big: 5, kernel: 3), .linear(outputs: 50, inputs: 49), .bias(3), .bias(1),
      ]
      let places = shapes.map { Blocking.wholeSegments($0.packedCount) }
      let gradients = setup.buffer("gradients", .floats(places.reduce(0, +)), fill)
      var offset = 0
      let tensors = zip(shapes, places).map { shape, place in
        defer { offset += place }
        return setup.region("tensor", shape, of: gradients, at: offset)
      }
      return Operation(
        try ClipNorm(
          gradients: gradients, tensors: tensors, maximum: Float(maximum),
          partials: setup.buffer("partials", .floats(16)), factor: setup.buffer("factor", .floats(2))))
    }
  }
