import Foundation
import Models
import Numerics
import Storage

/// The folder of a cross-validation that can be stopped: `cross-validation.json` with the completed folds,
/// `fold-1.safetensors …` with the best weights of each, and the run of the current fold, `fold-3`.
package final class CrossValidationFolder {
  /// What the folds belong to: configuration, data and number of folds identify a cross-validation.
  private struct Record: Codable {
    let configuration: [String: String]
    let datasetSHA256: String
    let foldCount: Int
    let numericsContract: Int
    var folds: [CrossValidation.Fold]
    /// SHA-256 of the file, see ``SealedText``; only in the file.
    var sha256: String?

    enum CodingKeys: String, CodingKey {
      case configuration, folds
      case datasetSHA256 = "dataset_sha256"
      case foldCount = "fold_count"
      case numericsContract = "numerics_contract"
      case sha256 = "record_sha256"
    }
  }

  /// The folder.
  package let url: URL
  private var record: Record
  private let lock: FolderLock

  /// The completed folds.
  package var folds: [CrossValidation.Fold] { record.folds }

  /// The folder of `validation`: the one it was started in, or a new one.
  ///
  /// - Throws: `TrainingError` if the folder holds another or a damaged cross-validation; `FolderNotEmpty`,
  ///   `FolderInUse`, `FileError`.
  package init(_ validation: CrossValidation, at url: URL) throws {
    self.url = url
    var record = Record(
      configuration: validation.configuration.texts, datasetSHA256: validation.dataset.sha256,
      foldCount: validation.folds.count, numericsContract: contractVersion, folds: [])
    let file = url.appendingPathComponent(Self.name)
    let isBegun = Files.exists(file)
    // A cross-validation that was killed while starting leaves only a lock file.
    let isLeft = (try? Files.names(in: url).filter { !TemporaryFile.isOne($0) }) == [FolderLock.name]
    if !isBegun, !isLeft { try makeEmptyFolder(url) }
    lock = try FolderLock(folder: url)
    if isBegun {
      guard let text = try? readFile(file, upTo: 1 << 24),
        let known = try? JSONDecoder().decode(Record.self, from: text), SealedText.isWhole(text, known.sha256)
      else {
        throw TrainingError(
          .run, "\(file.path) is damaged or of an earlier version: choose another folder (--out)")
      }
      if let difference = Self.difference(known, record) {
        throw TrainingError(
          .run, "\(url.path) holds another cross-validation: \(difference); choose another folder (--out)")
      }
      record.folds = known.folds
    }
    self.record = record
    // The run of a completed fold still exists if its removal was interrupted.
    for fold in record.folds { try removeAll(run(fold.fold)) }
    try write()
  }

  private static let name = "cross-validation.json"

  private static func difference(_ there: Record, _ here: Record) -> String? {
    func differ(_ name: String, _ a: String, _ b: String) -> String? {
      a == b ? nil : "its \(name) is \(a), this one's \(b)"
    }
    let keys = Set(there.configuration.keys).union(here.configuration.keys).sorted()
    return differ("number of folds", "\(there.foldCount)", "\(here.foldCount)")
      ?? keys.lazy.compactMap {
        differ($0, there.configuration[$0] ?? "not there", here.configuration[$0] ?? "not there")
      }.first
      ?? differ("data's SHA-256", there.datasetSHA256, here.datasetSHA256)
      ?? differ("numerics contract", "\(there.numericsContract)", "\(here.numericsContract)")
  }

  /// The run of the current fold.
  func run(_ fold: Int) -> URL { url.appendingPathComponent("fold-\(fold)", isDirectory: true) }

  /// Saves a fold's result and its best weights, and removes its run.
  ///
  /// - Throws: `FileError`.
  func keep(_ fold: CrossValidation.Fold, _ trainer: Trainer) throws {
    if let best = trainer.best {
      try Weights(trainer.configuration, best, epoch: fold.bestEpoch)
        .write(to: url.appendingPathComponent("fold-\(fold.fold).safetensors"), of: nil)
    }
    record.folds.append(fold)
    try write()
    try removeAll(run(fold.fold))
  }

  private func write() throws {
    var record = record
    record.sha256 = SealedText.blank
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let text = try encoder.encode(record) + Data("\n".utf8)
    try AtomicFile.write(SealedText.seal(text), to: url.appendingPathComponent(Self.name))
  }
}
