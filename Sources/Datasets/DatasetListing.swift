import Foundation

/// What the catalog knows of one named data set on this machine.
package struct DatasetListing: Sendable, Equatable, Codable {
  /// How things stand.
  package enum State: String, Sendable, Codable {
    /// There, and every file has its known hash.
    case verified
    /// There and sound, but no hashes are known to compare with.
    case unverified
    /// There, but it cannot be used: see `problem`.
    case damaged
    /// In none of the places looked at: see `problem`.
    case absent
  }

  /// The known name.
  package let name: String
  /// How things stand.
  package let state: State
  /// The folder it is in, where it is.
  package let folder: String?
  /// Number of training images, if it can be read.
  package let trainImages: Int?
  /// Number of test images, if it can be read.
  package let testImages: Int?
  /// One line: why it cannot be used, and what to do.
  package let problem: String?
}

extension DatasetCatalog {
  /// Looks for every known data set, and reads and checks those that are there.
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
