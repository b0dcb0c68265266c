/// One operation of a program.
package struct Operation: Hashable, Sendable {
  /// Everything that defines the operation.
  package let descriptor: any Descriptor

  /// The operation that `descriptor` describes.
  package init(_ descriptor: any Descriptor) { self.descriptor = descriptor }

  /// What kind of operation this is.
  package var kind: Kind { descriptor.kind }

  package static func == (a: Operation, b: Operation) -> Bool {
    AnyHashable(a.descriptor) == AnyHashable(b.descriptor)
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(AnyHashable(descriptor)) }

  /// The kinds of operation; the conformance tests require a case for each.
  package enum Kind: String, CaseIterable, Sendable {
    case initialise
    case gatherImages = "gather_images"
    case addNoise = "add_noise"
    case binarise
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
    case leakyReLUForward = "leaky_relu_forward"
    case leakyReLUBackward = "leaky_relu_backward"
    case dropoutForward = "dropout_forward"
    case dropoutBackward = "dropout_backward"
    case meanSquaredError = "mean_squared_error"
    case binaryCrossEntropy = "binary_cross_entropy"
    case crossEntropy = "cross_entropy"
    case reparameterizeForward = "reparameterize_forward"
    case reparameterizeBackward = "reparameterize_backward"
    case klDivergence = "kl_divergence"
    case sampledDivergence = "sampled_divergence"
    case importanceWeights = "importance_weights"
    case weighSamples = "weigh_samples"
    case importanceBackward = "importance_backward"
    case sumPerImage = "sum_per_image"
    case joinLosses = "join_losses"
    case sumPartials = "sum_partials"
    case clipNorm = "clip_norm"
    case update
  }
}

/// A backend's implementation of every operation. It is the only place that lists them all, so the compiler reports
/// missing ones. The functions are in the backend's file for the operation.
package protocol OperationLauncher {
  /// A piece of work on the backend's device.
  associatedtype Launch

  func launches(_ d: Initialise) throws -> [Launch]
  func launches(_ d: GatherImages) throws -> [Launch]
  func launches(_ d: AddNoise) throws -> [Launch]
  func launches(_ d: Binarise) throws -> [Launch]
  func launches(_ d: ConvolutionForward) throws -> [Launch]
  func launches(_ d: ConvolutionBackwardInput) throws -> [Launch]
  func launches(_ d: ConvolutionBackwardWeight) throws -> [Launch]
  func launches(_ d: LinearForward) throws -> [Launch]
  func launches(_ d: LinearBackwardInput) throws -> [Launch]
  func launches(_ d: LinearBackwardWeight) throws -> [Launch]
  func launches(_ d: Flatten) throws -> [Launch]
  func launches(_ d: Unflatten) throws -> [Launch]
  func launches(_ d: ActivationForward) throws -> [Launch]
  func launches(_ d: ActivationBackward) throws -> [Launch]
  func launches(_ d: LeakyReLUForward) throws -> [Launch]
  func launches(_ d: LeakyReLUBackward) throws -> [Launch]
  func launches(_ d: DropoutForward) throws -> [Launch]
  func launches(_ d: DropoutBackward) throws -> [Launch]
  func launches(_ d: MeanSquaredError) throws -> [Launch]
  func launches(_ d: BinaryCrossEntropy) throws -> [Launch]
  func launches(_ d: CrossEntropy) throws -> [Launch]
  func launches(_ d: ReparameterizeForward) throws -> [Launch]
  func launches(_ d: ReparameterizeBackward) throws -> [Launch]
  func launches(_ d: KLDivergence) throws -> [Launch]
  func launches(_ d: SampledDivergence) throws -> [Launch]
  func launches(_ d: ImportanceWeights) throws -> [Launch]
  func launches(_ d: WeighSamples) throws -> [Launch]
  func launches(_ d: ImportanceBackward) throws -> [Launch]
  func launches(_ d: SumPerImage) throws -> [Launch]
  func launches(_ d: JoinLosses) throws -> [Launch]
  func launches(_ d: SumPartials) throws -> [Launch]
  func launches(_ d: ClipNorm) throws -> [Launch]
  func launches(_ d: Update) throws -> [Launch]
}

extension OperationLauncher {
  /// The launches of `operation`, in order.
  package func launches(_ operation: Operation) throws -> [Launch] {
    try operation.descriptor.launches(by: self)
  }
}
