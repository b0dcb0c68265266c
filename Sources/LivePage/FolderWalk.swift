import Foundation
import Search
import Storage

/// Finds runs, searches and studies below a folder. Symbolic links are not followed, so nothing outside of it is found.
struct FolderWalk {
  /// What was found.
  struct Place: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
      /// A run folder.
      case run
      /// A folder with files of a run, but without the one that defines it.
      case halfWritten
      /// The SQLite file of a search.
      case search
      /// A study's folder.
      case study
    }

    let kind: Kind
    /// Relative to the folder: `vae-1`, or `.` for the folder itself.
    let path: String
    /// The run folder, the file, or the study's folder.
    let url: URL
    /// Whether there is a `report.html`.
    let hasReport: Bool
    /// Whether there is a folder of pictures.
    let hasPictures: Bool
    /// Files that are symbolic links: then the run is not read.
    let links: [String]
  }

  /// Everything, sorted by path.
  private(set) var places: [Place] = []
  /// Folders that cannot be read, and why.
  private(set) var problems: [String] = []
  /// Whether a limit was reached before everything was found.
  private(set) var isCut = false

  /// Maximum depth of folders below the first one.
  static let depth = 6
  /// Maximum number of folders.
  static let mostFolders = 20_000
  private var folders = 0

  /// Looks through a folder.
  init(_ root: URL) {
    walk(root, "", 0)
    places.sort { ($0.path, "\($0.kind)") < ($1.path, "\($1.kind)") }
  }

  /// The files of a run that are read.
  private static let runFiles = ["config.yaml", "manifest.json"]

  private mutating func walk(_ url: URL, _ path: String, _ depth: Int) {
    guard folders < Self.mostFolders else { return isCut = true }
    folders += 1
    let entries: [(name: String, kind: Files.EntryKind)]
    do {
      entries = try Files.entries(in: url)
    } catch {
      // A folder removed meanwhile is no problem, except the first one.
      if depth == 0 || (error as? FileError)?.code != ENOENT, problems.count < 20 {
        problems.append("\(error)")
      }
      return
    }
    var kinds: [String: Files.EntryKind] = [:]
    for entry in entries { kinds[entry.name] = entry.kind }
    func add(_ kind: Place.Kind, _ name: String? = nil) {
      places.append(
        Place(
          kind: kind, path: Self.join(path, name) ?? ".",
          url: name.map { url.appendingPathComponent($0) } ?? url,
          hasReport: name == nil && kinds["report.html"] == .file,
          hasPictures: name == nil && kinds["images"] == .folder,
          links: name == nil ? Self.runFiles.filter { kinds[$0] == .link } : []))
    }
    if kinds["config.yaml"] == .file || kinds["config.yaml"] == .link { return add(.run) }
    if kinds["manifest.json"] == .file || kinds["checkpoint.safetensors"] == .file {
      return add(.halfWritten)
    }
    if kinds["study.json"] == .file { add(.study) }
    for (name, kind) in entries where !name.hasPrefix(".") {
      switch kind {
      case .file where name.hasSuffix(".sqlite") || kinds[name + ".runs"] == .folder:
        if StoredSearch.isOne(url.appendingPathComponent(name)) { add(.search, name) }
      case .folder:
        guard depth < Self.depth else {
          isCut = true
          continue
        }
        walk(url.appendingPathComponent(name, isDirectory: true), Self.join(path, name)!, depth + 1)
      default: break
      }
    }
  }

  private static func join(_ path: String, _ name: String?) -> String? {
    guard let name else { return path.isEmpty ? nil : path }
    return path.isEmpty ? name : "\(path)/\(name)"
  }
}

/// Tells whether a file has changed since it was last read.
struct FileStamp: Sendable, Equatable {
  private let values: [Int]

  /// The stamp of some files; links are not followed.
  init(_ urls: [URL]) {
    values = urls.flatMap { url -> [Int] in
      var status = stat()
      guard url.path.withSystemPath({ lstat($0, &status) }) == 0 else { return [-1] }
      return [Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
    }
  }

  /// The size of the only file.
  var size: Int { values.count > 1 ? values[1] : 0 }
  /// When the only file was last changed, in seconds since 1970.
  var changed: Int? { values.count > 2 ? values[2] : nil }
}
