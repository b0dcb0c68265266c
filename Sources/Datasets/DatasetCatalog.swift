import Foundation

/// Finds and reads data sets, by name or by folder.
///
/// A known name is looked for in the folders of `$FACSIMILE_DATA` (separated by colons; each may have a folder
/// of that name, or be it), then in the user's cache (`$XDG_CACHE_HOME` or `~/.cache`) under
/// `facsimile/datasets/NAME`, then in `/usr/share/datasets/NAME`, where Debian's packages put them. The first
/// place that has any of the files is taken, and its files must have the known hashes.
public struct DatasetCatalog: Sendable {
  private let environment: [String: String]
  private let systemFolder: URL

  /// A catalog of what this machine has.
  ///
  /// - Parameters:
  ///   - environment: where `FACSIMILE_DATA`, `XDG_CACHE_HOME` and `HOME` are looked up.
  ///   - systemFolder: where the system's packages put data sets.
  public init(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    systemFolder: URL = URL(fileURLWithPath: "/usr/share/datasets")
  ) {
    self.environment = environment
    self.systemFolder = systemFolder
  }

  /// Reads a data set.
  ///
  /// A folder whose four files are those of a known data set goes by its name, and counts as verified, so a
  /// run is the same however its data were named.
  ///
  /// - Parameter nameOrFolder: a known name (write `./mnist` for a folder called so), or a folder of IDX files.
  /// - Throws: `DatasetError` when it is not there, incomplete, damaged, or not what its name says; `FileError`
  ///   when a file cannot be read.
  public func load(_ nameOrFolder: String) throws -> Dataset {
    try read(nameOrFolder).dataset
  }

  func read(_ nameOrFolder: String) throws -> (dataset: Dataset, hashes: [DatasetFile: String]) {
    guard let known = KnownDataset(rawValue: nameOrFolder) else {
      let folder = try folder(nameOrFolder)
      let contents = try folder.read(expecting: nil, name: nameOrFolder)
      let recognised = KnownDataset.allCases.first { $0.hashes == contents.hashes }
      let name = recognised?.rawValue ?? folder.url.lastPathComponent
      return (try dataset(name, contents, folder, isVerified: recognised != nil), contents.hashes)
    }
    let folder = try find(known)
    let contents = try folder.read(expecting: known.hashes, name: known.rawValue)
    return (try dataset(known.rawValue, contents, folder, isVerified: known.hashes != nil), contents.hashes)
  }

  private func dataset(
    _ name: String, _ contents: DatasetFolder.Contents, _ folder: DatasetFolder, isVerified: Bool
  ) throws -> Dataset {
    try Dataset(
      name: name, train: contents.train, test: contents.test, source: folder.url, isVerified: isVerified)
  }

  private func folder(_ path: String) throws -> DatasetFolder {
    var isFolder: ObjCBool = false
    guard !path.isEmpty, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      let names = KnownDataset.allCases.map(\.rawValue).joined(separator: ", ")
      throw DatasetError(
        .unknownName, "no data set '\(path)': expected one of \(names), or an existing folder of IDX files")
    }
    guard isFolder.boolValue else {
      throw DatasetError(.notReadable, path: path, "expected a folder of IDX files, found a file")
    }
    return DatasetFolder(url: URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL)
  }

  func find(_ known: KnownDataset) throws -> DatasetFolder {
    let name = known.rawValue
    var looked: [String] = []
    for entry in dataFolders {
      let inside = DatasetFolder(url: entry.appendingPathComponent(name, isDirectory: true))
      if inside.isMeant { return inside }
      looked.append(inside.url.path)
      let itself = DatasetFolder(url: entry)
      guard itself.isMeant else { continue }
      if entry.lastPathComponent == name || itself.looksLike(known) { return itself }
      looked.append("\(entry.path) (which holds other IDX files)")
    }
    let cache = cacheFolder.appendingPathComponent(name, isDirectory: true)
    for url in [cache, systemFolder.appendingPathComponent(name, isDirectory: true)] {
      let folder = DatasetFolder(url: url)
      if folder.isMeant { return folder }
      looked.append(url.path)
    }
    throw DatasetError(
      .notFound,
      "data set \(name) not found, looked in \(looked.joined(separator: ", ")): "
        + known.advice(folder: cache.path))
  }

  private var dataFolders: [URL] {
    (environment["FACSIMILE_DATA"] ?? "").split(separator: ":").map {
      URL(fileURLWithPath: String($0), isDirectory: true).standardizedFileURL
    }
  }

  private var cacheFolder: URL {
    // The XDG specification has relative paths ignored.
    let cache: URL
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      cache = URL(fileURLWithPath: path, isDirectory: true)
    } else {
      let home = environment["HOME"].map { URL(fileURLWithPath: $0, isDirectory: true) }
      cache = (home ?? FileManager.default.homeDirectoryForCurrentUser).appendingPathComponent(".cache")
    }
    return cache.appendingPathComponent("facsimile/datasets", isDirectory: true)
  }
}
