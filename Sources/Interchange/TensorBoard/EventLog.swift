import Foundation
import Storage
import Training

/// The event file of a run under way: TensorBoard shows each epoch as soon as it is appended.
package final class EventLog {
  private let folder: RunFolder
  private let file: FileHandle

  /// Where a run has its event file.
  package static func file(of folder: RunFolder) -> URL { folder.url.appendingPathComponent(EventFile.name) }

  /// Writes anew what the epochs that are done have to say; a file from before may hold epochs that are to be trained
  /// again.
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
  /// - Throws: where the file cannot be written, or the picture not be read.
  package func append(_ epoch: EpochRecord) throws {
    try file.write(contentsOf: EventFile.records(epoch, picture: folder.pictureFile(epoch: epoch.epoch)))
  }
}
