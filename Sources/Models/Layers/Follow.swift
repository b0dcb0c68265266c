import Programs

/// The function after a layer.
public enum LayerActivation: Hashable, Sendable, CustomStringConvertible {
  case identity, relu, sigmoid, tanh, softplus
  /// x > 0 ? x : slope · x, with a positive binary32 slope.
  case leakyReLU(slope: Float = 0.01)

  /// The activation as part of the layer's own operation; nil if it is a separate operation.
  var fused: Activation? {
    switch self {
    case .identity: .identity
    case .relu: .relu
    case .sigmoid: .sigmoid
    case .tanh: .tanh
    case .softplus: .softplus
    case .leakyReLU: nil
    }
  }

  /// `relu`, `leaky-relu(0.01)`.
  public var description: String {
    switch self {
    case .identity: "identity"
    case .relu: "relu"
    case .sigmoid: "sigmoid"
    case .tanh: "tanh"
    case .softplus: "softplus"
    case .leakyReLU(let slope): "leaky-relu(\(slope))"
    }
  }
}

/// What follows a layer: activation, then dropout during training.
struct Follow: Hashable, Sendable, CustomStringConvertible {
  var activation = LayerActivation.identity
  /// Dropout probability during training.
  var dropout = 0.0

  var description: String { " \(activation)" + (dropout > 0 ? " dropout=\(dropout)" : "") }
}

/// Saved values of a layer's activation and dropout for the backward pass.
struct Followed {
  /// The activation's result.
  let activated: Buffer
  let dropout: DropoutForward?
}

extension Lowering {
  /// Activation (unless the layer's operation has applied it) and dropout after `result`.
  mutating func follow(_ site: LayerSite, _ result: Buffer, _ pass: inout ForwardPass) throws -> Value {
    let follow = architecture.layers[site.index].definition.follow
    var value = result
    if case .leakyReLU(let slope) = follow.activation {
      value = builder.buffer(site.name + ".activated", result.contents, site.storage)
      append(try LeakyReLUForward(input: result, output: value, slope: slope))
    }
    guard site.style.isTraining, follow.dropout > 0 else {
      pass.followed[site.index] = Followed(activated: value, dropout: nil)
      return Value(buffer: value, maskScale: follow.activation == .relu ? 1 : nil)
    }
    let dropped = images(result.name + ".dropped", batch: pass.batch, result.images!.shape)
    let dropout = try DropoutForward(
      input: value, output: dropped, source: pass.source, random: random(.dropout, layer: site.index),
      probability: follow.dropout)
    append(dropout)
    pass.followed[site.index] = Followed(activated: value, dropout: dropout)
    // After ReLU one mask selects for both.
    let scale = follow.activation == .relu ? DropoutForward.scale(follow.dropout) : nil
    return Value(buffer: dropped, maskScale: scale)
  }

  /// Backward through dropout and activation of layer `index`, unless a mask has already applied it.
  mutating func backThroughFollow(
    _ index: Int, _ gradient: Buffer, _ pass: ForwardPass, _ prefix: String
  ) throws -> Buffer {
    let layer = architecture.layers[index]
    let activation = layer.definition.follow.activation
    guard activation != .relu, let followed = pass.followed[index] else { return gradient }
    let (batch, shape) = gradient.images!
    var gradient = gradient
    if let dropout = followed.dropout {
      let through = images("\(prefix)\(layer.name).activated.gradient", batch: batch, shape)
      append(try DropoutBackward(dropout, outputGradient: gradient, inputGradient: through))
      gradient = through
    }
    if activation == .identity { return gradient }
    let through = images("\(prefix)\(layer.name).gradient", batch: batch, shape)
    if case .leakyReLU(let slope) = activation {
      append(
        try LeakyReLUBackward(
          output: followed.activated, outputGradient: gradient, inputGradient: through, slope: slope))
    } else {
      append(
        try ActivationBackward(
          output: followed.activated, outputGradient: gradient, inputGradient: through,
          activation: activation.fused!))
    }
    return through
  }
}
