import Foundation
import Pictures
import Storage
import SwiftProtobuf
import Training

/// A run's epochs for TensorBoard: scalars `loss/train`, `loss/validation`, … and `learning-rate`, and the
/// picture `reconstructions`.
///
/// An event's step is its epoch, and so is its wall time, in seconds: the file has the same bytes wherever and whenever
/// it is made, from the run while it trains or from its folder later. Seconds and images per second are left out for the
/// same reason. Values are rounded to binary32, as TensorBoard keeps them.
package enum EventFile {
  /// TensorBoard looks for `tfevents` in a file's name.
  package static let name = "events.out.tfevents.facsimile"

  /// The beginning of the file.
  package static func header() throws -> Data {
    try record(TBEvent.with { $0.fileVersion = "brain.Event:2" })
  }

  /// The records of an epoch.
  ///
  /// - Parameters:
  ///   - epoch: the epoch's figures.
  ///   - picture: originals over reconstructions, a PNG, if there is one.
  /// - Throws: `PNGError`, `FileError` if the picture cannot be read.
  package static func records(_ epoch: EpochRecord, picture: URL?) throws -> Data {
    var values = scalars(epoch).map { tag, value in
      TBSummary.Value.with { ($0.tag, $0.simpleValue) = (tag, Float(value)) }
    }
    if let picture, Files.exists(picture) {
      let header = try PNGHeader(contentsOf: picture)
      // Damage is detected only by reading all of it.
      _ = try Picture(contentsOf: picture)
      let data = try readFile(picture)
      values.append(
        .with {
          $0.tag = "reconstructions"
          $0.image.width = Int32(header.width)
          $0.image.height = Int32(header.height)
          $0.image.colorspace = Int32(header.channels)
          $0.image.encodedImageString = data
        })
    }
    return try values.reduce(into: Data()) { data, value in
      let event = TBEvent.with {
        $0.wallTime = Double(epoch.epoch)
        $0.step = Int64(epoch.epoch)
        $0.summary.value = [value]
      }
      data += try record(event)
    }
  }

  /// Tags and values of an epoch, sorted by tag.
  package static func scalars(_ epoch: EpochRecord) -> [(tag: String, value: Double)] {
    var values = ["learning-rate": epoch.learningRate]
    for (name, value) in epoch.trainMetrics { values["\(name)/train"] = value }
    for (name, value) in epoch.validationMetrics { values["\(name)/validation"] = value }
    values["loss/train"] = epoch.trainLoss
    values["loss/validation"] = epoch.validationLoss
    return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The whole file of a run's epochs.
  ///
  /// - Throws: as ``records(_:picture:)``.
  package static func contents(_ epochs: [EpochRecord], of folder: RunFolder) throws -> Data {
    try epochs.reduce(into: header()) { data, epoch in
      data += try records(epoch, picture: folder.pictureFile(epoch: epoch.epoch))
    }
  }

  /// Writes that file into `place`, which is created if it is missing.
  ///
  /// - Throws: `FolderNotEmpty`, `FileError`; as ``contents(_:of:)``.
  package static func write(_ epochs: [EpochRecord], of folder: RunFolder, to place: URL) throws {
    let data = try contents(epochs, of: folder)
    try makeEmptyFolder(place)
    try AtomicFile.write(data, to: place.appendingPathComponent(name))
  }

  private static func record(_ event: TBEvent) throws -> Data { Records.record(try event.serializedData()) }
}
