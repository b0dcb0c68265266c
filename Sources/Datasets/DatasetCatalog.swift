import Foundation
import Numerics
import Storage

/// Finds and reads data sets, by name or by folder.
///
/// A known name is searched for in the folders of `$FACSIMILE_DATA` (separated by colons; each may contain a folder
/// of that name, or be it), then in the user's cache (`$XDG_CACHE_HOME` or `~/.cache`) under
/// `facsimile/datasets/NAME`, then in `/usr/share/datasets/NAME`, where Debian's packages put them (for the six of EMNIST, which
/// are in one archive, NAME is `emnist`). The first
/// place that has any of the files is taken, and its files must have the known hashes.
package struct DatasetCatalog: Sendable {
  private let environment: [String: String]
  private let systemFolder: URL
  /// Whether to accept files that cannot be checked against published hashes.
  package var takesUnverified = false
  /// Bytes that images may occupy at a time on the device, and on the host, where plain IDX files of images then stay
  /// on disk. nil: what device and machine can spare. Affects speed and memory, never results.
  package var memory: Int?
  /// Plain files of images with more values stay on disk; with ``memory`` set, all do.
  private static let inMemory = 1 << 28

  /// A catalog of the data sets on this machine.
  ///
  /// - Parameters:
  ///   - environment: where `FACSIMILE_DATA`, `XDG_CACHE_HOME` and `HOME` are looked up.
  ///   - systemFolder: where the system's packages put data sets.
  package init(
    environment: [String: String] = SystemPath.environment("FACSIMILE_DATA", "XDG_CACHE_HOME", "HOME"),
    systemFolder: URL = URL(systemPath: "/usr/share/datasets")
  ) {
    self.environment = environment
    self.systemFolder = systemFolder
  }

  /// Reads a data set.
  ///
  /// A folder with the four files of a known data set gets its name, and counts as verified, so a
  /// run does not depend on how its data are named.
  ///
  /// A folder holds one of these, looked for in this order; all images are of one size, 8 to 128 pixels a side, with
  /// 1 or 3 channels:
  /// * IDX files, plain or packed with gzip, named as MNIST's, in three dimensions or four (`…-idx4-ubyte`, or under
  ///   MNIST's own names);
  /// * CIFAR-10's binary files, or the folder `cifar-10-batches-bin` of them;
  /// * PNG: `train/CLASS/*.png` and `test/CLASS/*.png`; `CLASS/*.png`, of which a tenth becomes the test set, chosen
  ///   by Philox under a fixed seed, from every class alike; or either without folders of classes. Images and classes
  ///   are in natural order (`img2` before `img10`).
  ///
  /// Or it is a single file, written by ``pack(_:to:progress:)``.
  ///
  /// - Parameter nameOrFolder: a known name (write `./mnist` for a folder called so), a folder, or a packed file.
  /// - Throws: `DatasetError` when it is missing, incomplete, damaged, or not what its name says; `PNGError` for a
  ///   damaged picture; `FileError` or `NotAFile` when a file cannot be read.
  package func load(_ nameOrFolder: String) throws -> Dataset {
    try read(nameOrFolder).dataset
  }

  func read(_ nameOrFolder: String) throws -> (dataset: Dataset, files: [String: String]) {
    let (known, folder) = try place(of: nameOrFolder)
    var contents = try folder.read(as: known, inMemory: memory == nil ? Self.inMemory : 0)
    contents.train.memory = memory
    contents.test.memory = memory
    let found = KnownDataset.allCases.first { $0.matches(contents) }
    if let known { try require(known, found, in: folder) }
    let meant = known ?? found
    let dataset = try Dataset(
      name: meant?.rawValue ?? folder.name, train: contents.train, test: contents.test,
      classNames: contents.classNames ?? meant?.classNames, source: folder.url,
      isVerified: found != nil && found == meant)
    return (dataset, contents.files)
  }

  /// The known data set, if its name was given, and where the data are.
  func place(of nameOrFolder: String) throws -> (KnownDataset?, DatasetFolder) {
    let known = KnownDataset(rawValue: nameOrFolder)
    return (known, try known.map(find) ?? folder(nameOrFolder))
  }

  /// Throws: `DatasetError` if the files under a name are those of another known data set, or cannot be verified and
  /// unverified files are not accepted.
  func require(_ known: KnownDataset, _ found: KnownDataset?, in folder: DatasetFolder) throws {
    if let found, found != known {
      throw DatasetError(
        .hashMismatch, path: folder.url.path,
        "these are, by their SHA-256, the files of \(found.rawValue), not of \(known.rawValue)")
    }
    guard found == nil, !takesUnverified else { return }
    throw DatasetError(.unverified, path: folder.url.path, known.unverifiable)
  }

  private func folder(_ path: String) throws -> DatasetFolder {
    let url = URL(systemPath: path, isDirectory: true)
    guard !path.isEmpty, Files.exists(url) else {
      if let target = Files.target(of: url.path) { throw DanglingLink(path: path, target: target) }
      let names = KnownDataset.allCases.map(\.rawValue).joined(separator: ", ")
      throw DatasetError(
        .unknownName,
        "no data set '\(path)'\(didYouMean(path, among: KnownDataset.allCases.map(\.rawValue))): expected one of \(names), "
          + "or an existing folder of images")
    }
    guard Files.isFolder(url) else {
      let file = URL(systemPath: path)
      if FolderListing.isArchive(file) { throw DatasetFolder.packed(file) }
      if PackedFile.isOne(file) { return DatasetFolder(url: file.standardizedFileURL) }
      throw DatasetError(
        .notReadable, path: path,
        "expected a folder of images, or a file made by 'facsimile data pack', found another file")
    }
    return DatasetFolder(url: url.standardizedFileURL)
  }

  func find(_ known: KnownDataset) throws -> DatasetFolder {
    let name = known.folderName
    var looked: [String] = []
    var places: [URL] = []
    for entry in dataFolders {
      let inside = DatasetFolder(url: entry.appendingPathComponent(name, isDirectory: true))
      if inside.holds(known) { return inside }
      looked.append(inside.url.path)
      places += [inside.url, entry]
      let itself = DatasetFolder(url: entry)
      guard itself.holds(known) else { continue }
      if entry.lastPathComponent == name || itself.looksLike(known) { return itself }
      looked.append("\(entry.path) (which holds other IDX files)")
    }
    for url in [cacheFolder(of: known), systemFolder(of: known)] {
      let folder = DatasetFolder(url: url)
      if folder.holds(known) { return folder }
      looked.append(url.path)
      places.append(url)
    }
    let archives = places.lazy.compactMap { DatasetFolder(url: $0).archive }
    if known == .cifar10, let archive = archives.first { throw DatasetFolder.packed(archive) }
    throw DatasetError(
      .notFound,
      "data set \(known.rawValue) not found, looked in \(looked.joined(separator: ", ")): "
        + known.advice)
  }

  private var dataFolders: [URL] {
    (environment["FACSIMILE_DATA"] ?? "").split(separator: ":").map {
      URL(systemPath: String($0), isDirectory: true).standardizedFileURL
    }
  }

  /// The folder in the user's cache where a data set is looked for, and downloaded to; it may not exist.
  package func cacheFolder(of known: KnownDataset) -> URL {
    userCache.appendingPathComponent("datasets/\(known.folderName)", isDirectory: true)
  }

  func systemFolder(of known: KnownDataset) -> URL {
    systemFolder.appendingPathComponent(known.folderName, isDirectory: true)
  }

  /// The user's cache folder, `facsimile` in `$XDG_CACHE_HOME` or `~/.cache`; it may not exist.
  package var userCache: URL {
    // The XDG specification says to ignore relative paths.
    let cache: URL
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      cache = URL(systemPath: path, isDirectory: true)
    } else {
      let home = environment["HOME"].map { URL(systemPath: $0, isDirectory: true) }
      cache = (home ?? FileManager.default.homeDirectoryForCurrentUser).appendingPathComponent(".cache")
    }
    return cache.appendingPathComponent("facsimile", isDirectory: true)
  }
}
