/// The progress of a download.
package enum FetchEvent: Sendable, Equatable {
  /// The file is there already, and right.
  case present(file: String)
  /// A request begins; `offset` bytes are there from before.
  case began(file: String, mirror: String, offset: Int)
  /// So many bytes are there, of `total` if the server says how many.
  case received(file: String, bytes: Int, total: Int?)
  /// A mirror did not give the file, and this is why; the next one is asked, if there is one.
  case failed(file: String, mirror: String, reason: String)
  /// The file is whole, right, and in its place.
  case done(file: String, bytes: Int)
  /// A file of the archive is in its place.
  case unpacked(file: String)
}

/// A data set could not be downloaded.
package struct FetchError: Error, Equatable, CustomStringConvertible {
  /// One line: what failed, and what to do.
  package let description: String
}

extension DatasetCatalog {
  /// The data set, if it is there and verified; nil if it is missing, or not as published in the folder that downloads go to.
  ///
  /// - Throws: `FetchError` if another folder, which is searched before that one, holds other files.
  package func verifiedIfAny(_ known: KnownDataset) throws -> Dataset? {
    let cache = cacheFolder(of: known)
    let place: DatasetFolder
    do { place = try find(known) } catch is DatasetError { return nil }
    let isBefore = ![cache.path, systemFolder(of: known).path].contains(place.url.path)
    do {
      let dataset = try load(known.rawValue)
      if dataset.isVerified { return dataset }
    } catch {
      if !isBefore { return nil }
      throw FetchError(
        description:
          "\(place.url.path) is searched before \(cache.path), and what it holds cannot be used: \(error); move it "
          + "away first")
    }
    if !isBefore { return nil }
    throw FetchError(
      description:
        "\(place.url.path) is searched before \(cache.path), and holds other files than the published ones: move it "
        + "away first")
  }
}
