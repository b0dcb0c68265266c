import CPUConvolutions
import CPUConvolutions512
import CPUKernels

/// The convolutions as they are compiled for one width of vectors; the bits are those of any other.
struct Convolutions: @unchecked Sendable {
  /// See `convolutionDown`.
  let down:
    (
      Geometry, Images, UnsafePointer<Float>, MutableImages, Epilogue, _ block: Int, _ partner: Int,
      _ tile: Int
    ) -> Void
  /// See `convolutionUp`.
  let up:
    (
      Geometry, Images, UnsafePointer<Float>, MutableImages, Epilogue, _ block: Int, _ partner: Int,
      _ tile: Int
    ) -> Void
  /// See `convolutionWeight`.
  let weight:
    (
      Geometry, Images, Images, UnsafeMutablePointer<Float>, Images, MutableImages, _ firstBlock: Int,
      _ blocks: Int, _ tile: Int, _ ky: Range<Int>
    ) -> Void
  /// See `convolutionWeightScratch`.
  let weightScratch: (Geometry) -> Int
  /// See `linearWeight`.
  let linearWeight:
    (
      Images, _ inputs: Int, Images, _ outputs: Int, UnsafeMutablePointer<Float>, _ blocks: Int, _ tile: Int,
      _ first: Int, _ last: Int
    ) -> Void
  /// See `measurePeak`.
  let peak: () -> Double
  /// Blocks of images that `down` and `up` compute at once.
  let blocksAtOnce: Int
  /// Small channels in a tile of `weight` and `linearWeight`.
  let weightChannels: Int

  /// Vectors of 256 bits (AVX2), or whatever the compiler makes of them (NEON).
  static let narrow = Convolutions(
    down: CPUConvolutions.convolutionDown, up: CPUConvolutions.convolutionUp,
    weight: CPUConvolutions.convolutionWeight, weightScratch: CPUConvolutions.convolutionWeightScratch,
    linearWeight: CPUConvolutions.linearWeight, peak: CPUConvolutions.measurePeak,
    blocksAtOnce: CPUConvolutions.blocksAtOnce,
    weightChannels: CPUConvolutions.weightChannels)

  /// Vectors of 512 bits: for processors with AVX-512.
  static let wide = Convolutions(
    down: CPUConvolutions512.convolutionDown, up: CPUConvolutions512.convolutionUp,
    weight: CPUConvolutions512.convolutionWeight, weightScratch: CPUConvolutions512.convolutionWeightScratch,
    linearWeight: CPUConvolutions512.linearWeight, peak: CPUConvolutions512.measurePeak,
    blocksAtOnce: CPUConvolutions512.blocksAtOnce,
    weightChannels: CPUConvolutions512.weightChannels)
}
