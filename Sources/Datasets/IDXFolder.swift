import Foundation
import Numerics
import Storage

/// The four IDX files of a data set in a folder, or only the two of images.
struct IDXFolder {
  let url: URL
  /// Plain files of images with more values stay on disk.
  var inMemory = Int.max

  /// The file in this folder, unpacked or packed; the unpacked one if both exist. A dangling link
  /// counts: unreadable labels are not the same as none.
  func url(of file: DatasetFile) -> URL? {
    file.names.flatMap { [$0, $0 + ".gz"] }.map { url.appendingPathComponent($0) }
      .first { Files.isTaken($0.path) }
  }

  /// Whether at least one of the files exists: the folder is meant, even if others are missing.
  var isMeant: Bool {
    DatasetFile.allCases.contains { url(of: $0) != nil }
  }

  /// Whether the smallest file is, by its hash, the known data set's.
  func looksLike(_ known: KnownDataset) -> Bool {
    guard let expected = known.hashes?[.testLabels], let file = url(of: .testLabels) else { return false }
    return (try? IDX.labels(contentsOf: file).sha256) == expected
  }

  /// Reads all files; labels may be missing, but not from a data set whose hashes are known.
  ///
  /// - Parameter known: the data set whose hashes are required, if they are known.
  /// - Throws: `DatasetError`, `FileError`, `NotAFile`.
  func read(as known: KnownDataset?) throws -> FolderContents {
    var (hashes, packed): ([String: String], [String: String]) = ([:], [:])
    func contents(_ file: DatasetFile, _ read: (URL) throws -> IDX.Contents) throws -> IDX.Contents {
      let url = try require(file)
      let contents = try read(url)
      if let known, let wanted = known.hashes?[file], wanted != contents.sha256 {
        throw DatasetError(
          .hashMismatch, path: url.path,
          "not the file of \(known.rawValue): expected SHA-256 \(wanted) (unpacked), "
            + "found \(contents.sha256): get it again, or name its folder to use it as it is")
      }
      let name = url.lastPathComponent
      let plainName = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
      hashes[plainName] = contents.sha256
      if plainName != name { packed[plainName] = Fingerprint.hex(of: try readFile(url)) }
      return contents
    }
    func set(_ imagesFile: DatasetFile, _ labelsFile: DatasetFile) throws -> ImageSet {
      if known?.hashes == nil, url(of: labelsFile) == nil {
        let images = try contents(imagesFile) { try IDX.images(contentsOf: $0, inMemory: inMemory) }
        return try ImageSet(bytes: images.values, labels: nil, shape: images.shape!)
      }
      // Labels first: if they are damaged, the larger file need not be unpacked.
      let labels = try contents(labelsFile) { try IDX.labels(contentsOf: $0) }
      let images = try contents(imagesFile) { try IDX.images(contentsOf: $0, inMemory: inMemory) }
      guard labels.count == images.count else {
        throw DatasetError(
          .countMismatch, path: try require(labelsFile).path,
          "expected \(counted(images.count, "label")), one per image in \(try require(imagesFile).lastPathComponent), "
            + "found \(labels.count)")
      }
      return try ImageSet(bytes: images.values, labels: labels.bytes, shape: images.shape!)
    }
    let train = try set(.trainImages, .trainLabels)
    let test = try set(.testImages, .testLabels)
    return FolderContents(train: train, test: test, classNames: nil, files: hashes, packedFiles: packed)
  }

  private func require(_ file: DatasetFile) throws -> URL {
    if let found = url(of: file) { return found }
    let others = DatasetFile.allCases.map(\.rawValue).joined(separator: ", ")
    throw DatasetError(
      .missingFile, path: url.path,
      "no \(file.rawValue)[.gz]; a folder of IDX files holds \(others), each plain or .gz; only labels may be missing"
    )
  }
}
