import Foundation
import Models
import Storage
import Training

/// The folder of a run that begins.
struct NewRunFolder {
  let folder: RunFolder
  /// The outermost folder that was not there before; nil where all were.
  private let made: URL?

  /// The folder at `path`, or the first `runs/MODEL-NUMBER` that is not there yet.
  ///
  /// Throws: `TrainingError` where a run lies there, `UsageError`, or the system's error.
  init(_ path: String?, model: ModelKind) throws {
    if path == "" { throw UsageError("--out is empty: expected a folder for the run") }
    let runs = URL(systemPath: "runs", isDirectory: true)
    let given = path.map { URL(systemPath: $0, isDirectory: true) }
    var made = Self.missing(given ?? runs)
    let url = try given ?? Self.next(model, in: runs)
    // A folder of the next number is new, whether `runs` was there or not.
    if given == nil, made == nil { made = url }
    self.made = made
    do {
      folder = try RunFolder(creating: url)
    } catch {
      // Whoever else made it in the meantime has a lock in it, so it is not empty.
      Self.removeEmpty(url, upTo: made)
      throw error
    }
  }

  /// Takes away again what was made for a run that did not come to be; of the folders around it only those that
  /// nobody has put anything into.
  func remove() {
    // A folder that was there was empty.
    guard made != nil else { return folder.clear() }
    try? removeAll(folder.url)
    Self.removeEmpty(folder.url.deletingLastPathComponent(), upTo: made)
  }

  /// Removes `url` and the folders above it up to `outermost`, as long as they are empty.
  private static func removeEmpty(_ url: URL, upTo outermost: URL?) {
    guard let outermost = outermost?.standardizedFileURL.path else { return }
    var url = url.standardizedFileURL
    // No folder that was there before: its path is shorter.
    while url.path.count >= outermost.count {
      _ = url.path.withSystemPath { rmdir($0) }
      url.deleteLastPathComponent()
    }
  }

  /// The outermost folder on the way to `url` that is not there.
  private static func missing(_ url: URL) -> URL? {
    var (url, found) = (url.standardizedFileURL, URL?.none)
    while !Files.exists(url) {
      found = url
      url.deleteLastPathComponent()
    }
    return found
  }

  /// Making the folder is what takes its name: two programs at once get two names.
  private static func next(_ model: ModelKind, in runs: URL) throws -> URL {
    try makeFolder(runs)
    var number = 1
    while true {
      let url = runs.appendingPathComponent("\(model.rawValue)-\(number)", isDirectory: true)
      if url.path.withSystemPath({ mkdir($0, 0o777) }) == 0 { return url }
      guard errno == EEXIST else {
        throw CommandFailure("cannot make \(url.path): \(String(cString: strerror(errno)))")
      }
      number += 1
    }
  }
}
