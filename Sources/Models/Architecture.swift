import Programs

/// A model's layers in order, with input and output properties.
public struct Architecture: Hashable, Sendable, CustomStringConvertible {
  /// Shape of one input image: [1, 28, 28], or 784 features if no layer needs a map.
  public let input: MapShape
  /// The layers, first to last.
  public let layers: [Layer]
  /// Index of the layer whose output is the latent code.
  public let codeLayer: Int
  /// Standard deviation of the normal noise added to the input, 0 for none.
  public let noise: Double

  /// Layers `encoder` followed by `decoder`, with the code between them. Neither may be empty.
  public init(input: MapShape, encoder: [Layer], decoder: [Layer], noise: Double = 0) {
    precondition(!encoder.isEmpty && !decoder.isEmpty, "an architecture needs an encoder and a decoder")
    self.input = input
    layers = encoder + decoder
    codeLayer = encoder.count - 1
    self.noise = noise
  }

  /// Whether the code is sampled from an approximate posterior.
  public var isVariational: Bool { layers[codeLayer].isPosterior }

  /// Shape of every layer's output for one image.
  ///
  /// Throws: `ProgramError` if layers do not fit together.
  public func shapes() throws -> [MapShape] {
    var shape = input
    return try layers.map { layer in
      shape = try layer.output(of: shape)
      return shape
    }
  }

  /// Everything that defines the model's computation, in one line; identifies runs of a custom model.
  public var description: String {
    let ends = "\(input.channels)x\(input.height)x\(input.width) code=\(codeLayer) noise=\(noise)"
    return ([ends] + layers.map(\.description)).joined(separator: " > ")
  }
}
