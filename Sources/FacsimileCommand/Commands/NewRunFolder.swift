import Foundation
import Models
import Storage
import Training

/// The folder of a new run.
struct NewRunFolder {
  let folder: RunFolder
  /// The outermost folder that was created; nil if all existed.
  private let made: URL?

  /// The folder at `path`, or the first free `runs/MODEL-NUMBER`.
  ///
  /// Throws: `TrainingError` if it already holds a run, `UsageError`, or the system's error.
  init(_ path: String?, model: ModelKind) throws {
    if path == "" { throw UsageError("--out is empty: expected a folder for the run") }
    let runs = URL(systemPath: "runs", isDirectory: true)
    let given = path.map { URL(systemPath: $0, isDirectory: true) }
    var made = Self.missing(given ?? runs)
    let url = try given ?? Self.next(model, in: runs)
    // The numbered folder is new even if `runs` existed.
    if given == nil, made == nil { made = url }
    self.made = made
    do {
      folder = try RunFolder(creating: url)
    } catch {
      // If another process has taken it meanwhile, it holds a lock file and is not empty.
      Self.removeEmpty(url, upTo: made)
      throw error
    }
  }

  /// Removes what was created for a run that could not start; parent folders only if they are empty.
  func remove() {
    // The folder existed before, and was empty.
    guard made != nil else { return folder.clear() }
    try? removeAll(folder.url)
    Self.removeEmpty(folder.url.deletingLastPathComponent(), upTo: made)
  }

  /// Removes `url` and the folders above it up to `outermost`, as long as they are empty.
  private static func removeEmpty(_ url: URL, upTo outermost: URL?) {
    guard let outermost = outermost?.standardizedFileURL.path else { return }
    var url = url.standardizedFileURL
    // Paths of folders that existed before are shorter.
    while url.path.count >= outermost.count {
      _ = url.path.withSystemPath { rmdir($0) }
      url.deleteLastPathComponent()
    }
  }

  /// The outermost missing folder on the path to `url`.
  private static func missing(_ url: URL) -> URL? {
    var (url, found) = (url.standardizedFileURL, URL?.none)
    while !Files.exists(url) {
      found = url
      url.deleteLastPathComponent()
    }
    return found
  }

  /// Creating the folder reserves its name, so two concurrent processes get different ones.
  private static func next(_ model: ModelKind, in runs: URL) throws -> URL {
    try makeFolder(runs)
    var number = 1
    while true {
      let url = runs.appendingPathComponent("\(model.rawValue)-\(number)", isDirectory: true)
      if url.path.withSystemPath({ mkdir($0, 0o777) }) == 0 { return url }
      guard errno == EEXIST else {
        throw CommandFailure("cannot create \(url.path): \(String(cString: strerror(errno)))")
      }
      number += 1
    }
  }
}
