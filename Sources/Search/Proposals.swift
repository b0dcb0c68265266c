import Models
import Numerics

extension SearchSpace {
  /// The configuration of every trial, in the order of their numbers. More trials never change the first ones.
  ///
  /// Grid: the last key of the file changes fastest. Random: see ``drawn()``.
  ///
  /// - Throws: `SearchError` where a combination cannot be.
  package func configurations() throws -> [Configuration] {
    let settings = try strategy == .grid ? (0..<trials).map(combination) : drawn()
    let configurations = try settings.map(configuration)
    let epochs = configurations[0].totalEpochs
    if strategy == .halving, let other = configurations.first(where: { $0.totalEpochs != epochs }) {
      throw SearchError(
        .space,
        "halving needs the same epochs in every trial, found \(epochs) and \(other.totalEpochs): take epochs and "
          + "trainable out of the space")
    }
    return configurations
  }

  /// The settings of one combination of the grid: `index` in the mixed radix of the axes.
  private func combination(_ index: Int) -> [String] {
    var rest = index
    return axes.reversed().map { axis in
      guard case .list(let values) = axis.values else {
        preconditionFailure("\(axis.key) is a range in a grid")
      }
      defer { rest /= values.count }
      return values[rest % values.count]
    }.reversed()
  }

  /// Settings drawn at random, none twice.
  ///
  /// Determinism: draw d takes for axis a the Philox word of the seed and counter (`SEAR`, 0, d, a div 4), word
  /// a mod 4; no stream of training has that first word. A draw that was there before is left out.
  private func drawn() throws -> [[String]] {
    var seen: Set<[String]> = []
    var result: [[String]] = []
    // Where all combinations are wanted, the last one is waited for longest: n·ln n draws are expected.
    var patience = 100 * (trials + 100)
    var draw: UInt32 = 0
    while result.count < trials {
      let settings = axes.enumerated().map { index, axis in
        let counter = SIMD4<UInt32>(0x5345_4152, 0, draw, UInt32(index / 4))
        return axis.value(Philox4x32.words(key: seed, counter: counter)[index % 4])
      }
      if seen.insert(settings).inserted { result.append(settings) }
      draw += 1
      patience -= 1
      guard patience > 0 || result.count == trials else {
        throw SearchError(
          .space,
          "found only \(result.count) different combinations in \(draw) draws: fewer trials, or a wider space"
        )
      }
    }
    return result
  }

  private func configuration(_ settings: [String]) throws -> Configuration {
    var configuration = base
    for (axis, value) in zip(axes, settings) { try configuration.set(axis.key, value) }
    do {
      try configuration.validate()
    } catch let error as ConfigurationError {
      let text = zip(axes, settings).map { "\($0.key)=\($1)" }.joined(separator: " ")
      throw SearchError(.space, "the combination \(text) cannot be: \(error.description)")
    }
    return configuration
  }
}
