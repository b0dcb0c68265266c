import Foundation
import Models
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
    let runs = URL(fileURLWithPath: "runs", isDirectory: true)
    let given = path.map { URL(fileURLWithPath: $0, isDirectory: true) }
    var made = Self.missing(given ?? runs)
    let url = try given ?? Self.next(model, in: runs)
    // A folder of the next number is new, whether `runs` was there or not.
    if given == nil, made == nil { made = url }
    self.made = made
    do {
      folder = try RunFolder(creating: url)
    } catch {
      if let made { try? FileManager.default.removeItem(at: made) }
      throw error
    }
  }

  /// Takes away again the folders made for a run that did not come to be.
  func remove() {
    if let made { try? FileManager.default.removeItem(at: made) }
  }

  /// The outermost folder on the way to `url` that is not there.
  private static func missing(_ url: URL) -> URL? {
    var (url, found) = (url.standardizedFileURL, URL?.none)
    while !FileManager.default.fileExists(atPath: url.path) {
      found = url
      url.deleteLastPathComponent()
    }
    return found
  }

  /// Making the folder is what takes its name: two programs at once get two names.
  private static func next(_ model: ModelKind, in runs: URL) throws -> URL {
    try FileManager.default.createDirectory(at: runs, withIntermediateDirectories: true)
    var number = 1
    while true {
      let url = runs.appendingPathComponent("\(model.rawValue)-\(number)", isDirectory: true)
      if mkdir(url.path, 0o777) == 0 { return url }
      guard errno == EEXIST else {
        throw CommandFailure("cannot make \(url.path): \(String(cString: strerror(errno)))")
      }
      number += 1
    }
  }
}
