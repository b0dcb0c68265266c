// This folder is compiled twice. As CPUConvolutions, for AVX2 or NEON, an element (one value of sixteen images) is
// two vectors. As CPUConvolutions512, for AVX-512, it is one, and the second half of each tile is the same element
// of another block of images: enough chains for both units of the processor, and the same bits.

import CPUKernels
import Numerics

#if WIDE
  /// One vector register: sixteen images.
  typealias Vector = SIMD16<Float>
  /// Vectors of one element.
  @inline(__always) var span: Int { 1 }
#else
  /// One vector register: eight images.
  typealias Vector = Lanes
  /// Vectors of one element.
  @inline(__always) var span: Int { 2 }
#endif

/// The convolutions of this compilation; see `ConvolutionKernels`.
public enum Convolutions: ConvolutionKernels {
  public static var blocksAtOnce: Int { 2 / span }
  public static var weightChannels: Int { 8 / span }
}

/// Activations as vectors.
typealias Vectors = UnsafePointer<Vector>
/// Activations that are written, as vectors.
typealias MutableVectors = UnsafeMutablePointer<Vector>

@inline(__always) func vectors(_ images: Images) -> Vectors {
  UnsafeRawPointer(images).assumingMemoryBound(to: Vector.self)
}

@inline(__always) func vectors(_ images: MutableImages) -> MutableVectors {
  UnsafeMutableRawPointer(images).assumingMemoryBound(to: Vector.self)
}

/// Offset from the first vector of a tile's element to its second: the element's other half, or the partner block. A
/// block without a partner is its own partner, and is computed twice.
@inline(__always) func other(_ block: Int, _ partner: Int, _ blockVectors: Int) -> Int {
  #if WIDE
    (partner - block) * blockVectors
  #else
    1
  #endif
}

extension Geometry {
  /// Vectors of one block of the big map.
  @inline(__always) var bigBlock: Int { bigChannels * bigHeight * bigWidth * span }
  /// Vectors of one block of the small map.
  @inline(__always) var smallBlock: Int { smallChannels * smallHeight * smallWidth * span }
}
