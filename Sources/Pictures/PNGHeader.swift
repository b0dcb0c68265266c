import Foundation
import Storage

/// The header of a PNG, read without decoding it.
package struct PNGHeader: Sendable, Equatable {
  /// Pixels per row.
  package let width: Int
  /// Rows.
  package let height: Int
  /// What `Picture` makes of it: 1 channel for gray, 3 for RGB and palettes.
  package let channels: Int

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  /// Signature, and the first chunk with its length, name and checksum.
  private static let length = 8 + 4 + 4 + 13 + 4

  /// Reads the header of a file.
  ///
  /// - Throws: `FileError` or `NotAFile` when it cannot be read, `PNGError` naming it when it is not a PNG.
  package init(contentsOf url: URL) throws {
    let bytes = [UInt8](try readFile(url, atMost: Self.length))
    func fault(_ reason: String) -> PNGError { PNGError(path: url.path, reason: reason) }
    guard !bytes.isEmpty else { throw fault("expected a PNG, found an empty file") }
    guard bytes.starts(with: Self.signature) else {
      throw fault("expected a PNG, found a file that does not begin like one")
    }
    guard bytes.count == Self.length, bytes[12..<16].elementsEqual("IHDR".utf8) else {
      throw fault("the PNG is damaged: it ends in its header, or has none")
    }
    func word(_ place: Int) -> Int { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    width = word(16)
    height = word(20)
    channels = bytes[25] & 2 == 0 ? 1 : 3
  }
}
