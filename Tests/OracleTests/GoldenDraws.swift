import Numerics
import Programs

/// The source of a model golden's random numbers: the metadata `draws`.
struct GoldenDraws: Decodable {
  let seed: UInt64
  let noise: UInt32
  let epsilon: UInt32
  let dropout: UInt32

  /// `program` with the goldens' streams in place of its own, otherwise unchanged. The masks of the
  /// i-th hidden layer come from stream `dropout` + 1000 · i.
  func replacingStreams(in program: Program, dropout probability: Double) throws -> Program {
    var builder = ProgramBuilder()
    for buffer in program.buffers { _ = builder.buffer(buffer.name, buffer.contents, buffer.storage) }
    for routine in program.routines {
      var hidden: UInt32 = 0
      let operations = try routine.operations.map { operation -> Operation in
        switch operation.descriptor {
        case let d as AddNoise:
          return Operation(
            try AddNoise(
              input: d.input, output: d.output, source: d.source, random: source(noise), factor: d.factor))
        case let d as DropoutForward:
          defer { hidden += 1 }
          return Operation(
            try DropoutForward(
              input: d.input, output: d.output, source: d.source, random: source(dropout + 1000 * hidden),
              probability: probability))
        case let d as DropoutBackward:
          preconditionFailure("\(d.inputGradient.name): dropout after ReLU passes back through a mask")
        case let d as ReparameterizeForward: return Operation(try drawing(d))
        case let d as ReparameterizeBackward:
          return Operation(
            try ReparameterizeBackward(
              try drawing(d.forward), outputGradient: d.outputGradient, meanGradient: d.meanGradient,
              logVarianceGradient: d.logVarianceGradient))
        case let d as SampledDivergence:
          return Operation(
            try SampledDivergence(
              try drawing(d.forward), reconstruction: d.reconstruction, divergence: d.divergence,
              total: d.total))
        case let d as ImportanceBackward:
          return Operation(
            try ImportanceBackward(
              try drawing(d.forward), weights: d.weights, outputGradient: d.outputGradient,
              meanGradient: d.meanGradient, logVarianceGradient: d.logVarianceGradient))
        default: return operation
        }
      }
      builder.add(Routine(routine.name, operations))
    }
    return builder.program()
  }

  private func source(_ stream: UInt32) -> RandomSource { RandomSource(seed: seed, stream: stream) }

  private func drawing(_ d: ReparameterizeForward) throws -> ReparameterizeForward {
    try ReparameterizeForward(
      mean: d.mean, logVariance: d.logVariance, output: d.output, source: d.source, random: source(epsilon))
  }
}

extension Program {
  /// The program in which `gradients` also copies `train.X` into each buffer of `kept`, which is named `evaluate.X`.
  func keepingWhatTrainComputes(_ kept: [Buffer]) throws -> Program {
    var builder = ProgramBuilder()
    for buffer in buffers { _ = builder.buffer(buffer.name, buffer.contents, buffer.storage) }
    for routine in routines {
      var operations = routine.operations
      if routine.name == .gradients {
        for buffer in kept {
          let name = "train." + buffer.name.dropFirst("evaluate.".count)
          let input = buffers.first { $0.name == name }!
          operations.append(
            Operation(try ActivationForward(input: input, output: buffer, activation: .identity)))
        }
      }
      builder.add(Routine(routine.name, operations))
    }
    return builder.program()
  }
}
