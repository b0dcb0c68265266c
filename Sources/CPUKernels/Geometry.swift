// The kernels of this module take pointers and plain integers only: it is compiled for AVX2 and FMA, and
// the linker could pick generic library code instantiated here for the whole program (see ARCHITECTURE.md).

import Numerics

/// Activations, `[block of 16 images][y][x][channel][16]`: every element is two vectors of eight images.
public typealias Images = UnsafePointer<Lanes>
/// Activations that are written.
public typealias MutableImages = UnsafeMutablePointer<Lanes>

/// Sizes of a convolution of either kind; see `ConvolutionGeometry` in Programs.
public struct Geometry: Sendable {
  public let bigChannels: Int
  public let bigHeight: Int
  public let bigWidth: Int
  public let smallChannels: Int
  public let smallHeight: Int
  public let smallWidth: Int
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  /// Sizes of the big map, the small map and the taps between them.
  public init(
    bigChannels: Int, bigHeight: Int, bigWidth: Int, smallChannels: Int, smallHeight: Int, smallWidth: Int,
    kernel: Int, stride: Int, padding: Int
  ) {
    self.bigChannels = bigChannels
    self.bigHeight = bigHeight
    self.bigWidth = bigWidth
    self.smallChannels = smallChannels
    self.smallHeight = smallHeight
    self.smallWidth = smallWidth
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }
}

/// The smaller one.
@inlinable @inline(__always) public func minimum(_ a: Int, _ b: Int) -> Int { a < b ? a : b }
/// The larger one.
@inlinable @inline(__always) public func maximum(_ a: Int, _ b: Int) -> Int { a > b ? a : b }
