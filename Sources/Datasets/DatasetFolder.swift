import Foundation
import Storage

/// The contents of a folder.
struct FolderContents {
  var train: ImageSet
  var test: ImageSet
  /// Names of the classes, if the files have them.
  let classNames: [String]?
  /// SHA-256 of each unpacked file, by its name without `.gz`; none for folders of PNG.
  let files: [String: String]
  /// SHA-256 of each packed file, by its name without `.gz`.
  var packedFiles: [String: String] = [:]
}

/// A folder of images in a supported form (IDX files, CIFAR-10's files, PNG), or a single file they were packed into.
struct DatasetFolder {
  let url: URL

  /// The name of a data set that is not a known one: the folder's, or the file's without its extension.
  var name: String {
    let name = url.lastPathComponent
    return Files.isFolder(url) ? name : URL(systemPath: name).deletingPathExtension().lastPathComponent
  }

  /// Whether at least one of the files exists: the folder is meant, even if others are missing.
  func holds(_ known: KnownDataset) -> Bool {
    switch known.form {
    case .idx: IDXFolder(url: url).isMeant
    case .cifar10: CIFAR10Folder(near: url) != nil
    case .emnist: EMNISTArchive(in: url) != nil
    }
  }

  /// Whether the folder can be identified as the known data set.
  func looksLike(_ known: KnownDataset) -> Bool {
    known.form == .idx ? IDXFolder(url: url).looksLike(known) : holds(known)
  }

  /// Reads the folder.
  ///
  /// - Parameters:
  ///   - known: the data set it must be; nil for any.
  ///   - limit: plain IDX files of images with more values stay on disk.
  /// - Throws: `DatasetError`, `PNGError`, `FileError`, `NotAFile`.
  func read(as known: KnownDataset?, inMemory limit: Int = .max) throws -> FolderContents {
    if !Files.isFolder(url) { return try PackedFile(url: url).read(inMemory: limit) }
    if let known, known.form == .emnist, let archive = EMNISTArchive(in: url) {
      return try archive.read(known)
    }
    let idx = IDXFolder(url: url, inMemory: limit)
    if known != .cifar10, idx.isMeant { return try idx.read(as: known) }
    if let cifar = CIFAR10Folder(near: url) { return try cifar.read() }
    return try pngFolder().read()
  }

  private func pngFolder() throws -> PNGFolder {
    let listing = try FolderListing(url)
    if listing.holdsNoImages, let archive = listing.archives.first { throw Self.packed(archive) }
    return PNGFolder(url: url)
  }

  /// The images to read from a folder of PNG; nil for any other form.
  ///
  /// - Throws: as ``read(as:inMemory:)``.
  func pictures(as known: KnownDataset?) throws -> PNGFolder.Plan? {
    let isIDX = known != .cifar10 && IDXFolder(url: url).isMeant
    return isIDX || known?.form == .emnist || !Files.isFolder(url) || CIFAR10Folder(near: url) != nil
      ? nil : try pngFolder().plan()
  }

  /// Packed CIFAR-10 archives in the folder.
  var archive: URL? {
    (try? FolderListing(url))?.archives.first { $0.lastPathComponent.hasPrefix("cifar-10") }
  }

  /// The error that tells how to unpack an archive.
  static func packed(_ archive: URL) -> DatasetError {
    let name = archive.lastPathComponent
    if name.hasPrefix("cifar-10-python") {
      return DatasetError(
        .missingFile, path: archive.path,
        "this is CIFAR-10 for Python: get the binary version, cifar-10-binary.tar.gz, and unpack it")
    }
    if name == EMNISTArchive.file {
      return DatasetError(
        .missingFile, path: archive.path,
        "an archive; if it is EMNIST's, put its folder into $FACSIMILE_DATA and name one of the six data sets in it, such as "
          + "emnist-letters")
    }
    let (file, folder) = (
      shellQuoted(path: archive.path), shellQuoted(path: archive.deletingLastPathComponent().path)
    )
    let command = name.hasSuffix(".zip") ? "unzip \(file) -d \(folder)" : "tar -xf \(file) -C \(folder)"
    return DatasetError(.missingFile, path: archive.path, "unpack it first: \(command)")
  }
}
