import Foundation
import Models
import Training

/// The folder of a run that begins.
struct NewRunFolder {
  let folder: RunFolder
  /// Whether it was not there before.
  private let isNew: Bool

  /// The folder at `path`, or the first `runs/MODEL-NUMBER` that is not there yet.
  ///
  /// Throws: `TrainingError` where a run lies there, or the system's error.
  init(_ path: String?, model: ModelKind) throws {
    let url = try path.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? Self.next(model)
    isNew = path == nil || !FileManager.default.fileExists(atPath: url.path)
    folder = try RunFolder(creating: url)
  }

  /// Takes the folder away again, if it was made for a run that did not come to be.
  func remove() {
    if isNew { try? FileManager.default.removeItem(at: folder.url) }
  }

  /// Making the folder is what takes its name: two programs at once get two names.
  private static func next(_ model: ModelKind) throws -> URL {
    let runs = URL(fileURLWithPath: "runs", isDirectory: true)
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
