import Programs

extension LaunchPlanner {
  /// What an operation launches, in order.
  func launches(_ operation: Programs.Operation) throws -> [Launch] {
    switch operation {
    case .initialise(let d): launches(d)
    case .gatherImages(let d): launches(d)
    case .addNoise(let d): launches(d)
    case .convolutionForward(let d): launches(d)
    case .convolutionBackwardInput(let d): launches(d)
    case .convolutionBackwardWeight(let d): launches(d)
    case .linearForward(let d): launches(d)
    case .linearBackwardInput(let d): launches(d)
    case .linearBackwardWeight(let d): launches(d)
    case .flatten(let d): launches(d)
    case .unflatten(let d): launches(d)
    case .activationForward(let d): launches(d)
    case .activationBackward(let d): launches(d)
    case .dropoutForward(let d): launches(d)
    case .dropoutBackward(let d): launches(d)
    case .meanSquaredError(let d): launches(d)
    case .binaryCrossEntropy(let d): launches(d)
    case .crossEntropy(let d): launches(d)
    case .reparameterizeForward(let d): launches(d)
    case .reparameterizeBackward(let d): launches(d)
    case .klDivergence(let d): launches(d)
    case .sumPerImage(let d): try launches(d)
    case .sumPartials(let d): launches(d)
    case .clipNorm(let d): try launches(d)
    case .update(let d): launches(d)
    }
  }
}
