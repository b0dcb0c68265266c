/// Every entry point of ``KernelSource/operations``, by its name in OpenCL C.
package enum Kernel: String, CaseIterable, Sendable {
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
  case backwardWeights = "backward_weights"
  case flatten
  case activationForward = "activation_forward"
  case activationBackward = "activation_backward"
  case leakyReLUForward = "leaky_relu_forward"
  case leakyReLUBackward = "leaky_relu_backward"
  case dropoutApply = "dropout_apply"
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
  case clipNormPartial = "clip_norm_partial"
  case clipNormTotal = "clip_norm_total"
  case updateSGD = "update_sgd"
  case updateMomentum = "update_momentum"
  case updateRMSprop = "update_rmsprop"
  case updateAdam = "update_adam"
}

/// The entry points of ``KernelSource/probe``.
package enum ProbeKernel: String, CaseIterable, Sendable {
  case arithmetic = "probe_arithmetic"
  case arithmeticScalar = "probe_arithmetic_scalar"
  case function = "probe_function"
  case integers = "probe_integers"
  case random = "probe_random"
  case sums = "probe_sums"
}
