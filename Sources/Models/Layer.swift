import Numerics
import Programs

/// One layer of a model, with the activation and dropout behind it.
public struct Layer: Hashable, Sendable {
  /// What a layer computes.
  public enum Kind: Hashable, Sendable {
    /// [N, C, H, W] → [N, outputs, h, w].
    case convolution(outputs: Int, kernel: Int, stride: Int, padding: Int)
    /// [N, C, h, w] → [N, outputs, H, W].
    case transposedConvolution(outputs: Int, kernel: Int, stride: Int, padding: Int, outputPadding: Int)
    /// [N, inputs] → [N, outputs].
    case linear(outputs: Int)
    /// [N, inputs] → mean and log-variance, two linear layers `mu` and `logvar`, and a sample of them [N, latent].
    case posterior(latent: Int)
    /// [N, C, H, W] → [N, C·H·W].
    case flatten
    /// [N, C·H·W] → [N, C, H, W].
    case unflatten(MapShape)
  }

  /// PyTorch's name of the module: `encoder.conv1`. For a posterior the name before `mu` and `logvar`.
  public let name: String
  /// What it computes.
  public let kind: Kind
  /// The function behind it.
  public let activation: Activation
  /// Probability with which training drops an output, 0 for none.
  public let dropout: Double

  /// A layer without activation, unless one is given.
  public init(_ name: String, _ kind: Kind, activation: Activation = .identity, dropout: Double = 0) {
    precondition(dropout == 0 || activation == .relu, "\(name): dropout stands behind ReLU only")
    self.name = name
    self.kind = kind
    self.activation = activation
    self.dropout = dropout
  }

  /// Whether this is the latent code of a variational autoencoder.
  public var isPosterior: Bool {
    if case .posterior = kind { true } else { false }
  }

  /// Shape of the output for one image.
  ///
  /// Throws: `ProgramError` where the layer cannot take `input`.
  public func output(of input: MapShape) throws -> MapShape {
    switch kind {
    case .convolution, .transposedConvolution: try convolution(input, batch: 1)!.output
    case .linear(let outputs): .features(outputs)
    case .posterior(let latent): .features(latent)
    case .flatten: .features(input.count)
    case .unflatten(let shape): shape
    }
  }

  /// The convolution that this layer is for `batch` images, or nil.
  func convolution(_ input: MapShape, batch: Int) throws -> Convolution? {
    switch kind {
    case .convolution(let outputs, let kernel, let stride, let padding):
      return Convolution(
        .down,
        try .conv2D(input: input, outputs: outputs, kernel: kernel, stride: stride, padding: padding),
        batch: batch)
    case .transposedConvolution(let outputs, let kernel, let stride, let padding, let outputPadding):
      return Convolution(
        .up,
        try .convTranspose2D(
          input: input, outputs: outputs, kernel: kernel, stride: stride, padding: padding,
          outputPadding: outputPadding),
        batch: batch)
    case .linear, .posterior, .flatten, .unflatten: return nil
    }
  }

  /// Weights and biases of the modules in this layer: one, two for a posterior, none for a change of shape.
  func modules(_ input: MapShape) throws -> [ModuleShape] {
    switch kind {
    case .convolution, .transposedConvolution:
      let convolution = try convolution(input, batch: 1)!
      return [
        ModuleShape(
          name: name, weight: convolution.geometry.weight, outputs: convolution.output.channels,
          isConvolution: true)
      ]
    case .linear(let outputs):
      return [
        ModuleShape(
          name: name, weight: .linear(outputs: outputs, inputs: input.count), outputs: outputs,
          isConvolution: false)
      ]
    case .posterior(let latent):
      return ["mu", "logvar"].map {
        ModuleShape(
          name: "\(name).\($0)", weight: .linear(outputs: latent, inputs: input.count), outputs: latent,
          isConvolution: false)
      }
    case .flatten, .unflatten: return []
    }
  }
}

/// Shapes of one module's weight and bias.
struct ModuleShape {
  let name: String
  let weight: ParameterShape
  let outputs: Int
  let isConvolution: Bool

  /// What PyTorch takes for the number of inputs: dimension 1 times the kernel's taps. For a transposed
  /// convolution, whose weight is (in, out, kh, kw), that is its number of *outputs* times the taps.
  var fanIn: Int { weight.big * weight.kernel * weight.kernel }
}
