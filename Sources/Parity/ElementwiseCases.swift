import Programs

private let shapes: [(MapShape, Int)] = [
  (MapShape(3, 4, 5), 37), (.features(7), 16), (MapShape(1, 1, 1), 1), (MapShape(32, 3, 3), 50),
]

// One list per kind of operation: type-checking a single expression took the compiler 15 seconds.
let elementwiseCases = activationCases + flattenCases + leakyReLUCases

private let activationCases: [OperationCase] = shapes.flatMap { shape, batch in
  Activation.allCases.flatMap { activation in
    [
      OperationCase(.activationForward, "\(activation) \(shape) n\(batch)") { setup in
        Operation(
          try ActivationForward(
            input: setup.images("input", batch, shape, batch == 16 ? .wide : .moderate),
            output: setup.images("output", batch, shape), activation: activation))
      },
      OperationCase(.activationBackward, "\(activation) \(shape) n\(batch)") { setup in
        Operation(
          try ActivationBackward(
            output: setup.images("output", batch, shape, .unit),
            outputGradient: setup.images("outputGradient", batch, shape, .wide),
            inputGradient: setup.images("inputGradient", batch, shape), activation: activation))
      },
    ]
  }
}

private let flattenCases: [OperationCase] = shapes.flatMap { shape, batch in
  [
    OperationCase(.flatten, "\(shape) n\(batch)") { setup in
      Operation(
        try Flatten(
          input: setup.images("input", batch, shape, .wide),
          output: setup.images("output", batch, .features(shape.count))))
    },
    OperationCase(.unflatten, "\(shape) n\(batch)") { setup in
      Operation(
        try Unflatten(
          input: setup.images("input", batch, .features(shape.count), .wide),
          output: setup.images("output", batch, shape)))
    },
  ]
}

private let leakyReLUCases: [OperationCase] = shapes.enumerated().flatMap { index, sizes in
  let ((shape, batch), slope) = (sizes, Float([0.01, 0.2, 1.5, 0.5][index]))
  return [
    OperationCase(.leakyReLUForward, "\(slope) \(shape) n\(batch)") { setup in
      Operation(
        try LeakyReLUForward(
          input: setup.images("input", batch, shape, .wide), output: setup.images("output", batch, shape),
          slope: slope))
    },
    OperationCase(.leakyReLUBackward, "\(slope) \(shape) n\(batch)") { setup in
      Operation(
        try LeakyReLUBackward(
          output: setup.images("output", batch, shape, .moderate),
          outputGradient: setup.images("outputGradient", batch, shape, .wide),
          inputGradient: setup.images("inputGradient", batch, shape), slope: slope))
    },
  ]
}
