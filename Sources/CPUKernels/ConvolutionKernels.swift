/// The convolutions compiled for one vector width: the interface of both `CPUConvolutions` and `CPUConvolutions512`.
/// The bits are the same.
public protocol ConvolutionKernels {
  /// Blocks of images that ``down`` and ``up`` compute at once.
  static var blocksAtOnce: Int { get }
  /// Small channels in a tile of ``weight`` and ``linearWeight``.
  static var weightChannels: Int { get }

  /// From the big map to the small one: convolution forward, and the input gradient of a transposed convolution.
  ///
  /// Computes the block of images `block` and its `partner` (the same if blocks are computed one by one) for the small
  /// channels of `tiles`, four each, and `rows` of the small map. Per result one fma chain over (ky, kx, channel)
  /// ascending, channel fastest; taps outside the map are skipped.
  static func down(
    _ g: Geometry, big: Images, weight: UnsafePointer<Float>, small: MutableImages, epilogue: Epilogue,
    block: Int, partner: Int, tiles: Range<Int>, rows: Range<Int>)

  /// From the small map to the big one: transposed convolution forward, and the input gradient of a convolution.
  ///
  /// Computes `block` and its `partner` for the big channels of `tiles`, four each, and `rows` of the big map.
  /// Per result one fma chain over (ky, kx, small channel) ascending, channel fastest; only taps that meet a
  /// small pixel are visited.
  static func up(
    _ g: Geometry, small: Images, weight: UnsafePointer<Float>, big: MutableImages, epilogue: Epilogue,
    block: Int, partner: Int, tiles: Range<Int>, rows: Range<Int>)

  /// Gradient of a convolution (of either kind) with respect to its weights, over one chunk of images.
  ///
  /// Computes the small channels of one tile for rows `ky` of the kernel, for all big channels, into `gradient` (the
  /// weights' packed order). In each of 8 lanes one fma chain over (block, y, x, half) ascending. A tap outside the map
  /// adds 0 × value; in a sum that ends with + 0.0 this has the same bits as skipping it.
  ///
  /// `scratch` holds ``weightScratch(_:)`` vectors of eight, `zeros` two vectors of +0.
  static func weight(
    _ g: Geometry, big: Images, small: Images, gradient: UnsafeMutablePointer<Float>, zeros: Images,
    scratch: MutableImages, blocks: Int, tile: Int, ky: Range<Int>)

  /// Vectors (of eight) of scratch that ``weight`` needs.
  static func weightScratch(_ g: Geometry) -> Int

  /// Gradient of a linear layer with respect to its weights, over all blocks.
  ///
  /// Computes the outputs of `tiles` × inputs `first ..< last` into `gradient` (packed order). In each of 8 lanes one
  /// fma chain over (block, half) ascending, then the lane join and + 0.0.
  ///
  /// `scratch` holds ``linearWeightScratch(tiles:blocks:)`` vectors of eight.
  static func linearWeight(
    input: Images, inputs: Int, outputGradient: Images, outputs: Int, gradient: UnsafeMutablePointer<Float>,
    blocks: Int, tiles: Range<Int>, first: Int, last: Int, scratch: MutableImages)

  /// Vectors (of eight) of scratch that ``linearWeight`` needs for `tiles` tiles.
  static func linearWeightScratch(tiles: Int, blocks: Int) -> Int

  /// Peak rate of fused multiply-adds of one thread, in FLOPs per second: the reference for `bench --peak`.
  static func measurePeak() -> Double
}
