import Foundation
import Storage
import Training

/// The event file of a running training: TensorBoard shows each epoch as soon as it is appended.
package final class EventLog {
  private let folder: RunFolder
  private let file: FileHandle

  /// The event file of a run.
  package static func file(of folder: RunFolder) -> URL { folder.url.appendingPathComponent(EventFile.name) }

  /// Writes the completed epochs anew; an existing file may contain epochs that will be repeated.
  ///
  /// - Throws: `FileError`, `PNGError`.
  package init(_ folder: RunFolder, epochs: [EpochRecord]) throws {
    self.folder = folder
    let url = Self.file(of: folder)
    try AtomicFile.write(EventFile.contents(epochs, of: folder), to: url)
    let descriptor = try checkedCall("open", url.path) {
      url.path.withSystemPath { open($0, O_WRONLY | O_APPEND | O_CLOEXEC) }
    }
    file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// Appends an epoch.
  ///
  /// - Throws: if the file cannot be written, or the picture not be read.
  package func append(_ epoch: EpochRecord) throws {
    try file.write(contentsOf: EventFile.records(epoch, picture: folder.pictureFile(epoch: epoch.epoch)))
  }
}
