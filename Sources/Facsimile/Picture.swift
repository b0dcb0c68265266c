import Pictures
import Programs

extension Picture {
  /// A picture of one image in a model's layout.
  ///
  /// - Parameters:
  ///   - values: C · H · W numbers in the order (channel, y, x), 0 is black and 1 full brightness; others are clamped,
  ///     and NaN is black. Their number must match the shape: anything else is a programming error, and traps.
  ///   - shape: [C, H, W] of 1 or 3 channels.
  public init(values: [Float], shape: MapShape) {
    self.init(
      planar: Picture.shades(values), channels: shape.channels, height: shape.height, width: shape.width)
  }
}
