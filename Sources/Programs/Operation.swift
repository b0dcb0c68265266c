/// One operation of a program. Every backend switches over all of them, so the compiler objects to a missing one.
public enum Operation: Hashable, Sendable {
  case initialise(Initialise)
  case gatherImages(GatherImages)
  case addNoise(AddNoise)
  case convolutionForward(ConvolutionForward)
  case convolutionBackwardInput(ConvolutionBackwardInput)
  case convolutionBackwardWeight(ConvolutionBackwardWeight)
  case linearForward(LinearForward)
  case linearBackwardInput(LinearBackwardInput)
  case linearBackwardWeight(LinearBackwardWeight)
  case flatten(Flatten)
  case unflatten(Unflatten)
  case activationForward(ActivationForward)
  case activationBackward(ActivationBackward)
  case dropoutForward(DropoutForward)
  case dropoutBackward(DropoutBackward)
  case meanSquaredError(MeanSquaredError)
  case binaryCrossEntropy(BinaryCrossEntropy)
  case crossEntropy(CrossEntropy)
  case reparameterizeForward(ReparameterizeForward)
  case reparameterizeBackward(ReparameterizeBackward)
  case klDivergence(KLDivergence)
  case sumPerImage(SumPerImage)
  case sumPartials(SumPartials)
  case clipNorm(ClipNorm)
  case update(Update)

  /// Name of every kind of operation; the conformance tests want a case for each.
  public enum Kind: String, CaseIterable, Sendable {
    case initialise
    case gatherImages = "gather_images"
    case addNoise = "add_noise"
    case conv2DForward = "conv2d_forward"
    case conv2DBackwardInput = "conv2d_backward_input"
    case conv2DBackwardWeight = "conv2d_backward_weight"
    case convTranspose2DForward = "conv_transpose2d_forward"
    case convTranspose2DBackwardInput = "conv_transpose2d_backward_input"
    case convTranspose2DBackwardWeight = "conv_transpose2d_backward_weight"
    case linearForward = "linear_forward"
    case linearBackwardInput = "linear_backward_input"
    case linearBackwardWeight = "linear_backward_weight"
    case flatten, unflatten
    case activationForward = "activation_forward"
    case activationBackward = "activation_backward"
    case dropoutForward = "dropout_forward"
    case dropoutBackward = "dropout_backward"
    case meanSquaredError = "mean_squared_error"
    case binaryCrossEntropy = "binary_cross_entropy"
    case crossEntropy = "cross_entropy"
    case reparameterizeForward = "reparameterize_forward"
    case reparameterizeBackward = "reparameterize_backward"
    case klDivergence = "kl_divergence"
    case sumPerImage = "sum_per_image"
    case sumPartials = "sum_partials"
    case clipNorm = "clip_norm"
    case update
  }

  /// What kind of operation this is.
  public var kind: Kind {
    switch self {
    case .initialise: .initialise
    case .gatherImages: .gatherImages
    case .addNoise: .addNoise
    case .convolutionForward(let d):
      d.convolution.direction == .down ? .conv2DForward : .convTranspose2DForward
    case .convolutionBackwardInput(let d):
      d.convolution.direction == .down ? .conv2DBackwardInput : .convTranspose2DBackwardInput
    case .convolutionBackwardWeight(let d):
      d.convolution.direction == .down ? .conv2DBackwardWeight : .convTranspose2DBackwardWeight
    case .linearForward: .linearForward
    case .linearBackwardInput: .linearBackwardInput
    case .linearBackwardWeight: .linearBackwardWeight
    case .flatten: .flatten
    case .unflatten: .unflatten
    case .activationForward: .activationForward
    case .activationBackward: .activationBackward
    case .dropoutForward: .dropoutForward
    case .dropoutBackward: .dropoutBackward
    case .meanSquaredError: .meanSquaredError
    case .binaryCrossEntropy: .binaryCrossEntropy
    case .crossEntropy: .crossEntropy
    case .reparameterizeForward: .reparameterizeForward
    case .reparameterizeBackward: .reparameterizeBackward
    case .klDivergence: .klDivergence
    case .sumPerImage: .sumPerImage
    case .sumPartials: .sumPartials
    case .clipNorm: .clipNorm
    case .update: .update
    }
  }

  /// The operation's descriptor.
  public var descriptor: any Descriptor {
    switch self {
    case .initialise(let d): d
    case .gatherImages(let d): d
    case .addNoise(let d): d
    case .convolutionForward(let d): d
    case .convolutionBackwardInput(let d): d
    case .convolutionBackwardWeight(let d): d
    case .linearForward(let d): d
    case .linearBackwardInput(let d): d
    case .linearBackwardWeight(let d): d
    case .flatten(let d): d
    case .unflatten(let d): d
    case .activationForward(let d): d
    case .activationBackward(let d): d
    case .dropoutForward(let d): d
    case .dropoutBackward(let d): d
    case .meanSquaredError(let d): d
    case .binaryCrossEntropy(let d): d
    case .crossEntropy(let d): d
    case .reparameterizeForward(let d): d
    case .reparameterizeBackward(let d): d
    case .klDivergence(let d): d
    case .sumPerImage(let d): d
    case .sumPartials(let d): d
    case .clipNorm(let d): d
    case .update(let d): d
    }
  }
}
