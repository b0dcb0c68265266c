/// The shape of one image's values at one place in a model: channels × height × width.
///
/// A vector of features is a map of height and width 1.
public struct MapShape: Hashable, Sendable, CustomStringConvertible {
  /// Number of channels, C.
  public let channels: Int
  /// Number of rows, H.
  public let height: Int
  /// Number of columns, W.
  public let width: Int

  /// A map of `channels` × `height` × `width` values.
  public init(_ channels: Int, _ height: Int, _ width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// A vector of `count` features: `count` × 1 × 1.
  public static func features(_ count: Int) -> MapShape { MapShape(count, 1, 1) }

  /// Number of values, C · H · W.
  public var count: Int { channels * height * width }

  /// `[C, H, W]`.
  public var description: String { "[\(channels), \(height), \(width)]" }
}

/// The granularity in which images are stored and summed (numerics contract, section 3).
package enum Blocking {
  /// Images in a block: the innermost dimension of every activation.
  package static let block = 16
  /// Lanes of a sum over images: lane ℓ takes the images with n mod 8 = ℓ.
  package static let lanes = 8
  /// Images in a chunk: convolutions start new lanes for every chunk.
  package static let chunk = 32
  /// Blocks of a whole chunk.
  package static let blocksInChunk = chunk / block
  /// Parameters start at multiples of this many floats, so that each can be a sub-buffer on any device.
  package static let segment = 128

  /// Number of blocks that hold `images` images.
  package static func blocks(_ images: Int) -> Int { (images + block - 1) / block }
  /// Number of chunks that hold `images` images.
  package static func chunks(_ images: Int) -> Int { (images + chunk - 1) / chunk }
  /// `count` rounded up to whole segments.
  package static func wholeSegments(_ count: Int) -> Int { (count + segment - 1) / segment * segment }
}
