import Foundation
import Storage

/// The contents of a folder.
struct FolderContents {
  let train: ImageSet
  let test: ImageSet
  /// Names of the classes, if the files have them.
  let classNames: [String]?
  /// SHA-256 of each unpacked file, by its name without `.gz`; none for folders of PNG.
  let files: [String: String]
  /// SHA-256 of each packed file, by its name without `.gz`.
  var packedFiles: [String: String] = [:]
}

/// A folder of images in one of the forms that are read: IDX files, CIFAR-10's files, PNG.
struct DatasetFolder {
  let url: URL

  /// Whether at least one of the files exists: the folder is meant, even if
  /// others are missing.
  func holds(_ known: KnownDataset) -> Bool {
    known == .cifar10 ? CIFAR10Folder(near: url) != nil : IDXFolder(url: url).isMeant
  }

  /// Whether the folder can be identified as the known data set.
  func looksLike(_ known: KnownDataset) -> Bool {
    known == .cifar10 ? holds(known) : IDXFolder(url: url).looksLike(known)
  }

  /// Reads the folder.
  ///
  /// - Parameter known: the data set it must be; nil for any.
  /// - Throws: `DatasetError`, `PNGError`, `FileError`, `NotAFile`.
  func read(as known: KnownDataset?) throws -> FolderContents {
    let idx = IDXFolder(url: url)
    if known != .cifar10, idx.isMeant { return try idx.read(as: known) }
    if let cifar = CIFAR10Folder(near: url) { return try cifar.read() }
    let listing = try FolderListing(url)
    if listing.holdsNoImages, let archive = listing.archives.first { throw Self.packed(archive) }
    return try PNGFolder(url: url).read()
  }

  /// Packed CIFAR-10 archives in the folder.
  var archive: URL? {
    (try? FolderListing(url))?.archives.first { $0.lastPathComponent.hasPrefix("cifar-10") }
  }

  /// What to do with an archive.
  static func packed(_ archive: URL) -> DatasetError {
    let name = archive.lastPathComponent
    if name.hasPrefix("cifar-10-python") {
      return DatasetError(
        .missingFile, path: archive.path,
        "this is CIFAR-10 for Python: get the binary version, cifar-10-binary.tar.gz, and unpack it")
    }
    let (file, folder) = (
      shellQuoted(path: archive.path), shellQuoted(path: archive.deletingLastPathComponent().path)
    )
    let command = name.hasSuffix(".zip") ? "unzip \(file) -d \(folder)" : "tar -xf \(file) -C \(folder)"
    return DatasetError(.missingFile, path: archive.path, "unpack it first: \(command)")
  }
}
