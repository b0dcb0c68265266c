/// A picture of gray or colour pixels, one byte per value: 0 is black, 255 full brightness.
public struct Picture: Sendable, Equatable {
  /// Values per pixel: 1 (gray) or 3 (red, green, blue).
  public let channels: Int
  /// Pixels per row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `height × width × channels` values, row by row from the top; those of one pixel lie side by side.
  public internal(set) var pixels: [UInt8]

  /// A picture from its pixels.
  ///
  /// The channels must be 1 or 3, the sizes positive and the count of values their product; anything else is a
  /// mistake in the program, and traps.
  public init(channels: Int = 1, width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      (channels == 1 || channels == 3) && width > 0 && height > 0
        && pixels.count == channels * width * height,
      "Picture: \(pixels.count) values for \(width) × \(height) pixels of \(channels) channels")
    self.channels = channels
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// A picture of one shade.
  public init(channels: Int = 1, width: Int, height: Int, shade: UInt8) {
    precondition(channels > 0 && width > 0 && height > 0, "Picture: \(channels) × \(width) × \(height)")
    let pixels = [UInt8](repeating: shade, count: channels * width * height)
    self.init(channels: channels, width: width, height: height, pixels: pixels)
  }

  /// A picture from values as models have them: channel by channel, row by row.
  public init(planar values: [UInt8], channels: Int, height: Int, width: Int) {
    let count = height * width
    precondition(
      values.count == channels * count,
      "Picture: \(values.count) values for \(channels) channels of \(height) × \(width)")
    let pixels =
      channels == 1
      ? values : (0..<values.count).map { values[$0 % channels * count + $0 / channels] }
    self.init(channels: channels, width: width, height: height, pixels: pixels)
  }

  /// The values as models have them: channel by channel, row by row.
  public var planar: [UInt8] {
    guard channels > 1 else { return pixels }
    let count = height * width
    return (0..<pixels.count).map { pixels[$0 % count * channels + $0 / count] }
  }

  /// Some of its rows, starting at the column `left`.
  package func part(left: Int, rows: Range<Int>) -> Picture {
    let rowLength = width * channels
    return Picture(
      channels: channels, width: width - left, height: rows.count,
      pixels: rows.flatMap { y -> ArraySlice<UInt8> in
        pixels[y * rowLength + left * channels..<y * rowLength + rowLength]
      })
  }

  /// The picture in colour: gray becomes red, green and blue of the same shade.
  public var inColour: Picture {
    channels == 1
      ? Picture(
        channels: 3, width: width, height: height, pixels: (0..<3 * pixels.count).map { pixels[$0 / 3] })
      : self
  }

  /// The shade for a value from 0 to 1: `255 × value`, rounded to nearest, ties away from zero.
  ///
  /// Values outside are clamped; NaN is black.
  public static func shade(_ value: Float) -> UInt8 {
    // The comparison is false for NaN, which must not reach the conversion.
    guard value > 0 else { return 0 }
    return value >= 1 ? 255 : UInt8((value * 255).rounded())
  }

  /// The shades for values from 0 to 1; see ``shade(_:)``.
  package static func shades(_ values: [Float]) -> [UInt8] { values.map(shade) }

  /// The value of a channel at a place; (0, 0) is the upper left corner.
  public subscript(x: Int, y: Int, channel: Int = 0) -> UInt8 {
    precondition(
      (0..<width).contains(x) && (0..<height).contains(y) && (0..<channels).contains(channel),
      "Picture: (\(x), \(y)), channel \(channel) is outside \(width) × \(height), \(channels) channels")
    return pixels[(y * width + x) * channels + channel]
  }
}
