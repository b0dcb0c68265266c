import Datasets
import Foundation
import Models
import Numerics
import Storage

/// The settings of a study.
package struct StudySettings: Sendable, Equatable {
  /// Few epochs and one seed, to check that everything runs.
  package var isQuick = false
  /// The whole grid of the published study instead of a sample of it.
  package var isSearchFull = false
  /// Random seed; further seeds follow it.
  package var seed: UInt64 = 1

  /// The whole study with the sampled search.
  package init() {}

  var budget: Budget { isQuick ? .quick : .whole }

  /// The seeds of repeated steps.
  var seeds: [UInt64] { (0..<UInt64(budget.seeds)).map { seed &+ $0 } }
}

/// The identity of a study in its folder; only the same study can resume.
struct StudyIdentity: Codable, Equatable {
  static let format = "facsimile-study-1"

  let format: String
  let numericsContract: Int
  let quick: Bool
  let fullSearch: Bool
  let seed: UInt64
  let dataset: String
  let datasetSHA256: String
  /// SHA-256 of all steps' names and settings, which another version of the program may have changed.
  let recipesSHA256: String

  init(_ settings: StudySettings, _ dataset: Dataset, recipes: String) {
    format = Self.format
    numericsContract = contractVersion
    (quick, fullSearch, seed) = (settings.isQuick, settings.isSearchFull, settings.seed)
    self.dataset = dataset.name
    datasetSHA256 = dataset.sha256
    recipesSHA256 = Fingerprint.hex(of: Data(recipes.utf8))
  }

  /// Why a study of `other` cannot be resumed as this one; nil if it can.
  func difference(to other: StudyIdentity) -> String? {
    func words(_ flag: Bool, _ name: String) -> String { flag ? "with \(name)" : "without \(name)" }
    if datasetSHA256 != other.datasetSHA256 {
      return "on data of SHA-256 \(other.datasetSHA256), but \(dataset) has \(datasetSHA256)"
    }
    if quick != other.quick { return words(other.quick, "--quick") }
    if fullSearch != other.fullSearch { return words(other.fullSearch, "--full-search") }
    if seed != other.seed { return "with --seed \(other.seed)" }
    return self == other ? nil : "by another version of Facsimile, with other settings"
  }
}

/// A study cannot be started or resumed.
package struct StudyError: Error, Equatable, CustomStringConvertible {
  /// The message, in one line.
  package let description: String

  init(_ description: String) { self.description = description }
}
