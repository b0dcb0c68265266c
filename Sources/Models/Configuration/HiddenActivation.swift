/// The activation of hidden layers.
public enum HiddenActivation: String, CaseIterable, Hashable, Sendable, Codable {
  case relu
  /// With PyTorch's slope, 0.01.
  case leakyReLU = "leaky-relu"
  case sigmoid, tanh, softplus

  /// The same as a ``LayerActivation``.
  package var function: LayerActivation {
    switch self {
    case .relu: .relu
    case .leakyReLU: .leakyReLU()
    case .sigmoid: .sigmoid
    case .tanh: .tanh
    case .softplus: .softplus
    }
  }
}
