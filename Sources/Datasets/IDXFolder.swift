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

  /// Reads all files, training and test images side by side; labels may be missing, but not from a data set whose hashes
  /// are known.
  ///
  /// - Parameter known: the data set whose hashes are required, if they are known.
  /// - Throws: `DatasetError`, `FileError`, `NotAFile`: of the training files, if those of both are wrong.
  func read(as known: KnownDataset?) throws -> FolderContents {
    var parts: [Result<Part, any Error>?] = [nil, nil]
    parts.withUnsafeMutableBufferPointer { parts in
      nonisolated(unsafe) let parts = parts
      DispatchQueue.concurrentPerform(iterations: 2) { index in
        parts[index] = Result {
          index == 0
            ? try part(.trainImages, .trainLabels, known) : try part(.testImages, .testLabels, known)
        }
      }
    }
    let (train, test) = (try parts[0]!.get(), try parts[1]!.get())
    return FolderContents(
      train: train.set, test: test.set, classNames: nil, files: train.hashes.merging(test.hashes) { $1 },
      packedFiles: train.packed.merging(test.packed) { $1 })
  }

  /// Training or test images, and the hashes of their files, unpacked and packed.
  private struct Part {
    let set: ImageSet
    let hashes: [String: String]
    let packed: [String: String]
  }

  private func part(
    _ imagesFile: DatasetFile, _ labelsFile: DatasetFile, _ known: KnownDataset?
  ) throws -> Part {
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
    func images() throws -> IDX.Contents {
      try contents(imagesFile) { try IDX.images(contentsOf: $0, inMemory: inMemory) }
    }
    if known?.hashes == nil, url(of: labelsFile) == nil {
      let images = try images()
      return Part(
        set: try ImageSet(bytes: images.values, labels: nil, shape: images.shape!), hashes: hashes,
        packed: packed)
    }
    // Labels first: if they are damaged, the larger file need not be unpacked.
    let labels = try contents(labelsFile) { try IDX.labels(contentsOf: $0) }
    let images = try images()
    guard labels.count == images.count else {
      throw DatasetError(
        .countMismatch, path: try require(labelsFile).path,
        "expected \(counted(images.count, "label")), one per image in \(try require(imagesFile).lastPathComponent), "
          + "found \(labels.count)")
    }
    return Part(
      set: try ImageSet(bytes: images.values, labels: labels.bytes, shape: images.shape!), hashes: hashes,
      packed: packed)
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
