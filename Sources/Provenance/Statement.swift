import Foundation
import Storage
import Training

/// What is signed of a run: an in-toto statement about its files.
///
/// Source: https://github.com/in-toto/attestation, Statement version 1.
struct Statement: Codable, Equatable {
  /// A file.
  struct Subject: Codable, Equatable {
    let name: String
    /// `sha256`.
    let digest: [String: String]
  }

  /// What the files belong to.
  struct Predicate: Codable, Equatable {
    struct Data: Codable, Equatable {
      let name: String
      let sha256: String
    }

    struct Epoch: Codable, Equatable {
      let epoch: Int
      let stateSHA256: String

      enum CodingKeys: String, CodingKey {
        case epoch
        case stateSHA256 = "state_sha256"
      }
    }

    let version: String
    let numericsContract: Int
    let model: String
    let seed: UInt64
    let dataset: Data
    let initialSHA256: String
    let state: String
    let bestEpoch: Int
    let epochs: [Epoch]
    /// Root of the trace, if the run has one.
    let traceSHA256: String?

    enum CodingKeys: String, CodingKey {
      case version
      case numericsContract = "numerics_contract"
      case model, seed, dataset
      case initialSHA256 = "initial_sha256"
      case state
      case bestEpoch = "best_epoch"
      case epochs
      case traceSHA256 = "trace_sha256"
    }

    init(_ manifest: Manifest) {
      (version, numericsContract) = (manifest.version, manifest.numericsContract)
      (model, seed) = (manifest.model, manifest.seed)
      dataset = Data(name: manifest.dataset.name, sha256: manifest.dataset.sha256)
      initialSHA256 = manifest.initialSHA256
      traceSHA256 = manifest.traceSHA256
      (state, bestEpoch) = (manifest.state.rawValue, manifest.bestEpoch)
      epochs = manifest.epochs.map { Epoch(epoch: $0.epoch, stateSHA256: $0.stateSHA256) }
    }
  }

  let type: String
  let subject: [Subject]
  let predicateType: String
  let predicate: Predicate

  enum CodingKeys: String, CodingKey {
    case type = "_type"
    case subject, predicateType, predicate
  }

  static let type = "https://in-toto.io/Statement/v1"
  static let predicateType = "tag:facsimile,2026:run/v1"

  /// The statement about a run's current files.
  ///
  /// - Throws: as ``RunFolder/manifest(architecture:)``; `FileError`, `NotAFile` if a file cannot be read.
  init(_ folder: RunFolder) throws {
    type = Self.type
    predicateType = Self.predicateType
    predicate = Predicate(try folder.manifest())
    subject = try Self.files(of: folder).filter { Files.isTaken($0.path) }.map { url in
      Subject(name: url.lastPathComponent, digest: ["sha256": try Fingerprint.hex(ofFile: url)])
    }
  }

  /// The files that are signed if they exist; pictures, reports and kept checkpoints are not.
  private static func files(of folder: RunFolder) -> [URL] {
    [
      folder.manifestFile, folder.configurationFile, folder.metricsFile, folder.checkpointFile,
      folder.bestFile,
      folder.initialFile, folder.traceFile,
    ]
  }

  /// The text that is signed: one line, keys sorted.
  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  /// The first difference between the run as it is and what was signed; nil if there is none.
  func difference(from now: Statement) -> String? {
    func digests(_ statement: Statement) -> [String: String] {
      Dictionary(statement.subject.map { ($0.name, $0.digest["sha256"] ?? "") }) { $1 }
    }
    let (signed, found) = (digests(self), digests(now))
    for name in Set(signed.keys).union(found.keys).sorted() where signed[name] != found[name] {
      guard let old = signed[name] else { return "\(name) was not signed" }
      guard let new = found[name] else { return "\(name) is missing" }
      return "\(name) has SHA-256 \(new), and \(old) was signed"
    }
    if self == now { return nil }
    return "the receipt says other things of the run than its manifest"
  }
}
