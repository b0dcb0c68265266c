import Programs

/// The convolutional encoder and decoder that most of the models share: one stage of stride 2 for each of `filters`,
/// then linear layers, and back. Activation and dropout after every layer but the last of each.
///
/// With three filters, 28 → 14 → 7 → 3 pixels per side and back.
struct ConvolutionalStages {
  private let configuration: Configuration
  /// Maps from the image down to the smallest, one more than there are filters.
  private let maps: [MapShape]

  static let keys: Set<String> = ["filters", "activation", "dropout", "hidden", "latent", "image"]

  init(_ configuration: Configuration) {
    self.configuration = configuration
    maps = configuration.filters.reduce(into: [configuration.imageShape]) { maps, channels in
      maps.append(Self.below(maps.last!, channels: channels))
    }
  }

  /// Padding of the stage below a map: 0 if both sides are odd and the kernel fits, since stride 2 then leaves no
  /// remainder; otherwise 1. Either way ``outputPadding(_:)`` restores the size.
  private static func padding(_ big: MapShape) -> Int {
    [big.height, big.width].allSatisfy { $0 % 2 == 1 && $0 >= 3 } ? 0 : 1
  }

  /// ⌊(n + 2p − 3) / 2⌋ + 1 pixels per side.
  private static func below(_ big: MapShape, channels: Int) -> MapShape {
    let padding = padding(big)
    func size(_ n: Int) -> Int { (n + 2 * padding - 3) / 2 + 1 }
    return MapShape(channels, size(big.height), size(big.width))
  }

  /// An even side has one pixel more than 2(h − 1) − 2p + 3.
  private static func outputPadding(_ big: MapShape) -> OutputPadding {
    OutputPadding(height: big.height % 2 == 0 ? 1 : 0, width: big.width % 2 == 0 ? 1 : 0)
  }

  /// Encoder and decoder, with a sigmoid after them unless the loss takes logits.
  func autoencoder(noise: Double) -> Architecture {
    Architecture(
      input: maps[0], encoder: encoder,
      decoder: decoder(activation: configuration.loss.takesLogits ? .identity : .sigmoid), noise: noise)
  }

  /// Shape of one image.
  var input: MapShape { maps[0] }

  /// [N, C, H, W] → [N, last of `hidden`].
  var trunk: [Layer] {
    let convolutions = configuration.filters.indices.map { index in
      Layer.conv2D(
        "encoder.conv\(index + 1)", outputs: configuration.filters[index], kernel: 3, stride: 2,
        padding: Self.padding(maps[index]), activation: configuration.activation.function,
        dropout: configuration.dropout)
    }
    return convolutions + [.flatten("encoder.flatten")]
      + Self.hidden("encoder", configuration.hidden, configuration)
  }

  /// [N, C, H, W] → [N, latent].
  var encoder: [Layer] {
    trunk + [.linear("encoder.fc\(configuration.hidden.count + 1)", outputs: configuration.latent)]
  }

  /// [N, latent] → [N, C, H, W], through `activation`.
  func decoder(activation: LayerActivation) -> [Layer] {
    let smallest = maps.last!
    let widths = configuration.hidden.reversed() + [smallest.count]
    // From the smallest map up: stage `index` makes the map that was the input of conv(index + 1).
    let convolutions = configuration.filters.indices.reversed().enumerated().map { place, index in
      Layer.convTranspose2D(
        "decoder.convt\(place + 1)", outputs: maps[index].channels, kernel: 3, stride: 2,
        padding: Self.padding(maps[index]), outputPadding: Self.outputPadding(maps[index]),
        activation: index == 0 ? activation : configuration.activation.function,
        dropout: index == 0 ? 0 : configuration.dropout)
    }
    return Self.hidden("decoder", widths, configuration)
      + [.unflatten("decoder.unflatten", to: smallest)] + convolutions
  }

  /// Linear layers `prefix.fc1` … with activation and dropout.
  static func hidden(_ prefix: String, _ widths: [Int], _ configuration: Configuration) -> [Layer] {
    widths.enumerated().map { index, width in
      .linear(
        "\(prefix).fc\(index + 1)", outputs: width, activation: configuration.activation.function,
        dropout: configuration.dropout)
    }
  }
}
