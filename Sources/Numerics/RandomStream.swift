/// What random numbers are for. The raw values are part of the contract and never change.
///
/// Key: the seed (64 bit). Counter words: 0 stream (`word(layer:)`), 1 epoch (0 where there is none), 2 index
/// of the sample in the data set, 3 element div 4; the output word is element mod 4. Elements count in the order
/// (channel, y, x); if one pass draws several times for a sample, draw k starts at element 4·k·⌈elements / 4⌉. So a
/// value depends on the sample and element it is for, never on how the data was split into batches. Evaluation has its
/// own streams, so that it never affects training.
public enum RandomStream: UInt32, CaseIterable, Sendable {
  /// Initial weights.
  case initialisation = 1
  /// The order of the samples in an epoch.
  case shuffle = 2
  /// The split of a data set.
  case split = 3
  /// Noise added to inputs while training.
  case noise = 4
  /// Dropout masks.
  case dropout = 5
  /// The ε of `z = μ + ε·σ` while training.
  case reparameterization = 6
  /// Noise added to inputs while evaluating.
  case evaluationNoise = 7
  /// The ε of `z = μ + ε·σ` while evaluating, and codes drawn for sampling.
  case evaluationReparameterization = 8
  /// Computations on codes: embeddings, mixtures, samples (`RandomNumbers` of `Analysis`).
  case analysis = 9
  /// The bits of binarised inputs that are drawn anew in every training epoch.
  case binarisation = 10
  /// The bits of binarised inputs that are drawn once, for training and for evaluating.
  case fixedBinarisation = 11

  /// Counter word 0: the purpose in the high bits, the layer's number (0 … 255) in the low eight.
  @inlinable
  public func word(layer: Int = 0) -> UInt32 {
    precondition((0...255).contains(layer), "layer \(layer) does not fit in 8 bits")
    return rawValue << 8 | UInt32(layer)
  }

  /// The counter of elements `4 * quad ... 4 * quad + 3` of a sample.
  @inlinable
  public func counter(layer: Int = 0, epoch: UInt32 = 0, sample: UInt32, quad: UInt32) -> SIMD4<UInt32> {
    SIMD4(word(layer: layer), epoch, sample, quad)
  }

  /// The random word of one element, for code that is not hot.
  @inlinable
  public func element(
    seed: UInt64, layer: Int = 0, epoch: UInt32 = 0, sample: UInt32, element: UInt32
  ) -> UInt32 {
    let counter = counter(layer: layer, epoch: epoch, sample: sample, quad: element / 4)
    return Philox4x32.words(key: seed, counter: counter)[Int(element % 4)]
  }

  /// `samples` in random order: sorted by (word of the sample's first element, sample).
  public func order(_ samples: some Sequence<UInt32>, seed: UInt64, epoch: UInt32 = 0) -> [UInt32] {
    samples.map { UInt64(element(seed: seed, epoch: epoch, sample: $0, element: 0)) << 32 | UInt64($0) }
      .sorted().map { UInt32(truncatingIfNeeded: $0) }
  }
}
