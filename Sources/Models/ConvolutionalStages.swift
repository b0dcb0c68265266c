import Programs

/// The convolutional encoder and decoder that most of the family share.
///
/// 28 → 14 → 7 → 3 pixels a side and back; ReLU and dropout behind every layer but the last of each.
enum ConvolutionalStages {
  static let input = MapShape(1, ModelKind.side, ModelKind.side)
  /// Side of the smallest map.
  static let smallSide = 3

  /// Encoder and decoder, with a sigmoid behind them unless the loss takes logits.
  static func autoencoder(_ configuration: Configuration, noise: Double) -> Architecture {
    Architecture(
      input: input, encoder: encoder(configuration),
      decoder: decoder(configuration, activation: configuration.loss.takesLogits ? .identity : .sigmoid),
      noise: noise)
  }

  /// [N, 1, 28, 28] → [N, last of `hidden`].
  static func trunk(_ configuration: Configuration) -> [Layer] {
    let convolutions = zip(configuration.filters, [1, 1, 0]).enumerated().map { index, layer in
      Layer(
        "encoder.conv\(index + 1)",
        .convolution(outputs: layer.0, kernel: 3, stride: 2, padding: layer.1),
        activation: .relu, dropout: configuration.dropout)
    }
    return convolutions + [Layer("encoder.flatten", .flatten)]
      + hidden("encoder", configuration.hidden, configuration)
  }

  /// [N, 1, 28, 28] → [N, latent].
  static func encoder(_ configuration: Configuration) -> [Layer] {
    let code = "encoder.fc\(configuration.hidden.count + 1)"
    return trunk(configuration) + [Layer(code, .linear(outputs: configuration.latent))]
  }

  /// [N, latent] → [N, 1, 28, 28], through `activation`.
  static func decoder(_ configuration: Configuration, activation: Activation) -> [Layer] {
    let filters = configuration.filters
    let map = MapShape(filters[2], smallSide, smallSide)
    let widths = configuration.hidden.reversed() + [map.count]
    let up: [(outputs: Int, padding: Int, outputPadding: Int)] = [
      (filters[1], 0, 0), (filters[0], 1, 1), (1, 1, 1),
    ]
    let convolutions = up.enumerated().map { index, layer in
      let isLast = index == up.count - 1
      return Layer(
        "decoder.convt\(index + 1)",
        .transposedConvolution(
          outputs: layer.outputs, kernel: 3, stride: 2, padding: layer.padding,
          outputPadding: layer.outputPadding),
        activation: isLast ? activation : .relu, dropout: isLast ? 0 : configuration.dropout)
    }
    return hidden("decoder", widths, configuration) + [Layer("decoder.unflatten", .unflatten(map))]
      + convolutions
  }

  /// Linear layers `prefix.fc1` … with ReLU and dropout.
  static func hidden(_ prefix: String, _ widths: [Int], _ configuration: Configuration) -> [Layer] {
    widths.enumerated().map { index, width in
      Layer(
        "\(prefix).fc\(index + 1)", .linear(outputs: width), activation: .relu, dropout: configuration.dropout
      )
    }
  }
}
