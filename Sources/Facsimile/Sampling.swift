import Backends
import Foundation
import Generation
import Models
import Numerics
import Training

extension TrainedModel {
  /// New images, [count][C · H · W]: decoded from codes that `sampler` draws.
  ///
  /// - Parameters:
  ///   - count: how many; the first are the same however many are requested.
  ///   - sampler: where codes come from.
  ///   - images: the sampler is fitted to their codes; usually those that the model was trained on. ``Sampler/prior``
  ///     uses none.
  ///   - components: of a mixture, 1 to 256; nil: chosen by BIC on every tenth code.
  ///   - seed: key of the draws.
  /// - Throws: `TrainingError` if the sampler does not fit the model, the images are of another shape or fewer than
  ///   the components, or `count` is negative; the device's error.
  public func sample(
    _ count: Int, from sampler: Sampler, fittedTo images: Images, components: Int? = nil, seed: UInt64 = 0
  ) throws -> [[Float]] {
    try sampler.require(configuration)
    guard sampler.isFitted else { return try sample(count, seed: seed) }
    guard (0...Int(Int32.max)).contains(count), (1...256).contains(components ?? 1) else {
      throw TrainingError(
        .data,
        "count is \(count) and components \(components ?? 1): expected 0 to \(Int32.max), and 1 to 256")
    }
    let codes = try LatentCodes(weights, images: images.stored, backend: device.backend)
    let drawn = try ArithmeticMode.standard {
      try CodeSampler(
        sampler, fittedTo: codes, components: components,
        threads: DeviceCatalog.defaultThreads
      )
      .codes(count, seed: seed)
    }
    return try decode(drawn)
  }
}
