/// The progress of a download.
package enum FetchEvent: Sendable, Equatable {
  /// The file already exists and is correct.
  case present(file: String)
  /// A request begins; `offset` bytes were received earlier.
  case began(file: String, mirror: String, offset: Int)
  /// Bytes received so far, of `total` if the server states it.
  case received(file: String, bytes: Int, total: Int?)
  /// A mirror failed to deliver the file, for this reason; the next one, if any, is tried.
  case failed(file: String, mirror: String, reason: String)
  /// The file is complete, correct and in place.
  case done(file: String, bytes: Int)
  /// A file from the archive is in place.
  case unpacked(file: String)
}

/// A data set could not be downloaded.
package struct FetchError: Error, Equatable, CustomStringConvertible {
  /// One line: what failed, and what to do.
  package let description: String
}

extension DatasetCatalog {
  /// The data set, if it exists and is verified; nil if it is missing, or not as published in the download folder.
  ///
  /// - Throws: `FetchError` if a folder that is searched before that one holds other files.
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
