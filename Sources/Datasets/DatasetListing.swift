import Foundation

/// The status of one known data set on this machine.
package struct DatasetListing: Sendable, Equatable, Codable {
  /// The status.
  package enum State: String, Sendable, Codable {
    /// Found, and every file has its known hash.
    case verified
    /// Found and readable, but without known hashes.
    case unverified
    /// Found, but unusable: see `problem`.
    case damaged
    /// Not found: see `problem`.
    case absent
  }

  /// The known name.
  package let name: String
  /// The status.
  package let state: State
  /// Its folder, if found.
  package let folder: String?
  /// Number of training images, if it can be read.
  package let trainImages: Int?
  /// Number of test images, if it can be read.
  package let testImages: Int?
  /// One line: why it cannot be used, and what to do.
  package let problem: String?
}

extension DatasetCatalog {
  /// Looks for every known data set, and reads and checks those that exist.
  package func list() -> [DatasetListing] {
    KnownDataset.allCases.map(listing)
  }

  private func listing(_ known: KnownDataset) -> DatasetListing {
    func failed(_ state: DatasetListing.State, in folder: URL?, _ error: any Error) -> DatasetListing {
      DatasetListing(
        name: known.rawValue, state: state, folder: folder?.path, trainImages: nil, testImages: nil,
        problem: "\(error)")
    }
    let folder: DatasetFolder
    do { folder = try find(known) } catch { return failed(.absent, in: nil, error) }
    do {
      let contents = try folder.read(as: known)
      let found = KnownDataset.allCases.first { $0.matches(contents) }
      if let found, found != known { try require(known, found, in: folder) }
      return DatasetListing(
        name: known.rawValue, state: found == known ? .verified : .unverified, folder: folder.url.path,
        trainImages: contents.train.count, testImages: contents.test.count,
        problem: found == known ? nil : known.unverifiable)
    } catch {
      return failed(.damaged, in: folder.url, error)
    }
  }
}
