import Models

/// One parameter of a model, as PyTorch has it.
public struct Tensor: Sendable, Equatable {
  /// PyTorch's name: `encoder.conv1.weight`.
  public let name: String
  /// PyTorch's dimensions: convolutions [out, in, height, width], transposed ones [in, out, height, width], linear
  /// layers [out, in], biases [out].
  public let shape: [Int]
  /// The values, as many as the shape says, the last dimension fastest.
  public var values: [Float]

  /// A tensor from its parts; the model that receives it checks them.
  public init(name: String, shape: [Int], values: [Float]) {
    self.name = name
    self.shape = shape
    self.values = values
  }

  init(_ tensor: ModelState.Tensor) {
    self.init(name: tensor.name, shape: tensor.shape, values: tensor.values)
  }
}

/// A classifier's prediction for an image.
public struct Classification: Sendable, Equatable {
  /// The most probable class, from 0; the lowest if several are.
  public let label: Int
  /// A probability for every class; they sum to 1, except for rounding.
  public let probabilities: [Float]
}
