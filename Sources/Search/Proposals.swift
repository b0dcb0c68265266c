import Models
import Numerics

/// The configurations of a space's trials, generated one by one in order of their numbers: a space may have
/// millions. More trials never change the first ones.
///
/// A whole grid is enumerated, the file's last key changing fastest. Otherwise trials are drawn without repetition.
///
/// Determinism: draw d takes for axis a the Philox word of the seed and counter (`SEAR`, 0, d, a div 4), word a mod 4;
/// no stream of training has that first word. A repeated draw is skipped.
struct Proposals {
  private let space: SearchSpace
  /// Number of generated configurations.
  private(set) var count = 0
  private var seen: Set<[String]> = []
  private var draws: UInt32 = 0
  /// Epochs of the first; nil before it.
  private(set) var epochs: Int?

  init(_ space: SearchSpace) { self.space = space }

  /// The next configuration; nil after the last.
  ///
  /// - Throws: `SearchError` if a combination is invalid.
  mutating func next() throws -> Configuration? {
    guard let settings = try settings() else { return nil }
    let configuration = try configuration(settings)
    let first = epochs ?? configuration.totalEpochs
    epochs = first
    if space.strategy == .halving, configuration.totalEpochs != first {
      throw SearchError(
        .space,
        "halving needs the same epochs in every trial, found \(first) and \(configuration.totalEpochs): take epochs and "
          + "trainable out of the space")
    }
    return configuration
  }

  /// Skips `count` configurations.
  ///
  /// - Throws: `SearchError` if there are not that many.
  mutating func skip(_ count: Int) throws {
    for _ in 0..<count where try settings() == nil { return }
  }

  /// The values of the axes for the next trial.
  private mutating func settings() throws -> [String]? {
    guard count < space.trials else { return nil }
    let settings = try space.isDrawn ? drawn() : combination(count)
    count += 1
    return settings
  }

  /// The settings of one combination of the grid: `index` in the mixed radix of the axes.
  private func combination(_ index: Int) -> [String] {
    var rest = index
    return space.axes.reversed().map { axis in
      let count = axis.count!
      defer { rest /= count }
      return axis.value(at: rest % count)
    }.reversed()
  }

  private mutating func drawn() throws -> [String] {
    // If all combinations are wanted, n·ln n draws are expected: the last ones take longest.
    while draws < UInt32(clamping: 100 * (space.trials + 100)) {
      let settings = space.axes.enumerated().map { index, axis in
        let counter = SIMD4<UInt32>(0x5345_4152, 0, draws, UInt32(index / 4))
        return axis.value(Philox4x32.words(key: space.seed, counter: counter)[index % 4])
      }
      draws += 1
      if seen.insert(settings).inserted { return settings }
    }
    throw SearchError(
      .space,
      "found only \(count) different combinations in \(draws) draws: ask for fewer trials, or widen the space"
    )
  }

  private func configuration(_ settings: [String]) throws -> Configuration {
    var configuration = space.base
    do {
      for (axis, value) in zip(space.axes, settings) {
        do {
          try configuration.set(axis.key, value)
        } catch {
          guard case .range(let range) = axis.values else { throw error }
          throw range.notAllowed(axis.key, value)
        }
      }
      try configuration.validate()
    } catch let error as ConfigurationError {
      let text = zip(space.axes, settings).map { "\($0.key)=\($1)" }.joined(separator: " ")
      throw SearchError(.space, "the combination \(text) cannot be: \(error.description)")
    }
    return configuration
  }
}

extension SearchSpace {
  /// The configuration of every trial, in the order of their numbers.
  ///
  /// - Throws: `SearchError` if a combination is invalid.
  package func configurations() throws -> [Configuration] {
    var proposals = Proposals(self)
    var configurations: [Configuration] = []
    while let next = try proposals.next() { configurations.append(next) }
    return configurations
  }
}
