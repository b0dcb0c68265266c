import Programs

/// A layer's computation before its activation, as a value: with the parameters' names and shapes, all that is needed
/// to export a model to another format.
package enum LayerForm: Hashable, Sendable {
  /// Features by `NAME.weight` [outputs, inputs], plus `NAME.bias`.
  case linear
  /// A convolution by `NAME.weight` [outputs, inputs, kernel, kernel], plus `NAME.bias`.
  case convolution(stride: Int, padding: Int)
  /// A transposed convolution by `NAME.weight` [inputs, outputs, kernel, kernel], plus `NAME.bias`.
  case transposedConvolution(stride: Int, padding: Int, outputPadding: OutputPadding)
  /// A map as features, channel by channel.
  case flatten
  /// Features as a map of that shape.
  case unflatten(MapShape)
  /// Mean and logarithm of the variance, two linear modules `NAME.mu` and `NAME.logvar`; the mean is passed on.
  case posterior
}

extension Layer {
  /// The computation before the activation.
  package var form: LayerForm { definition.form }
  /// The activation.
  package var activation: LayerActivation { definition.follow.activation }
}
