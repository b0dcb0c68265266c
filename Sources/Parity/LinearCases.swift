import Programs

/// Inputs, outputs, batch.
private let table: [(Int, Int, Int)] = [
  (288, 64, 37), (64, 10, 16), (10, 64, 128), (1, 1, 1), (7, 3, 5), (2, 5, 33), (50, 49, 65), (3, 130, 18),
  // Wide enough for two tiles and two images per work-item on a large GPU.
  (50, 4300, 128), (4300, 50, 128),
]

let linearCases: [OperationCase] = table.enumerated().flatMap { index, sizes in
  ([.integers, .wide] + (index % 3 == 0 ? [.tiny] : [])).flatMap { (fill: Fill) in
    let (inputs, outputs, batch) = sizes
    let (weight, bias) = (
      ParameterShape.linear(outputs: outputs, inputs: inputs), ParameterShape.bias(outputs)
    )
    let name = "\(inputs)→\(outputs) n\(batch) \(fill)"
    let activation = Activation.allCases[index % Activation.allCases.count]
    return [
      OperationCase(.linearForward, "\(name) \(activation)") { setup in
        Operation(
          try LinearForward(
            input: setup.images("input", batch, .features(inputs), fill),
            weight: setup.parameter("weight", weight, fill), bias: setup.parameter("bias", bias, fill),
            output: setup.images("output", batch, .features(outputs)), activation: activation))
      },
      OperationCase(.linearBackwardInput, "\(name) \(index % 2 == 0 ? "masked" : "accumulating")") { setup in
        let accumulate = index % 2 == 1
        let mask =
          index % 3 == 0 ? ReLUMask(setup.images("mask", batch, .features(inputs), .moderate), scale: 2) : nil
        return Operation(
          try LinearBackwardInput(
            outputGradient: setup.images("outputGradient", batch, .features(outputs), fill),
            weight: setup.parameter("weight", weight, fill),
            inputGradient: setup.images("inputGradient", batch, .features(inputs), accumulate ? fill : nil),
            mask: mask, accumulate: accumulate))
      },
      OperationCase(.linearBackwardWeight, name) { setup in
        Operation(
          try LinearBackwardWeight(
            input: setup.images("input", batch, .features(inputs), fill),
            outputGradient: setup.images("outputGradient", batch, .features(outputs), fill),
            weightGradient: setup.parameter("weightGradient", weight),
            biasGradient: setup.parameter("biasGradient", bias)))
      },
    ]
  }
}
