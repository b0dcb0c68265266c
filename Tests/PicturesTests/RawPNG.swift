import CZlib
import Foundation

/// A PNG of any kind, assembled byte by byte: libpng's simple interface writes only a few kinds.
struct RawPNG {
  var width: Int
  var height: Int
  /// Bits of one value.
  var depth: UInt8 = 8
  /// 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha.
  var colourType: UInt8
  /// Chunks between header and image, by name.
  var chunks: [(name: String, bytes: [UInt8])] = []
  /// Bytes of the pixels, row by row.
  var pixels: [UInt8]
  /// Whether the pixels are cut into the seven passes of Adam7; only for whole bytes.
  var isInterlaced = false

  var data: Data {
    let header = word(width) + word(height) + [depth, colourType, 0, 0, isInterlaced ? 1 : 0]
    return Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) + chunk("IHDR", header)
      + chunks.reduce(Data()) { $0 + chunk($1.name, $1.bytes) } + chunk("IDAT", packed(filtered))
      + chunk("IEND", [])
  }

  /// The rows, each preceded by a byte that means "no filter".
  private var filtered: [UInt8] {
    let size = pixels.count / (width * height)
    guard isInterlaced else {
      let row = pixels.count / height
      return (0..<height).flatMap { [0] + pixels[$0 * row..<($0 + 1) * row] }
    }
    let passes = [
      (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ]
    var bytes: [UInt8] = []
    for (left, top, across, down) in passes where left < width {
      for y in stride(from: top, to: height, by: down) {
        bytes.append(0)
        for x in stride(from: left, to: width, by: across) {
          let place = (y * width + x) * size
          bytes += pixels[place..<place + size]
        }
      }
    }
    return bytes
  }

  private func packed(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(uLong(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(size))
    compress(&result, &size, bytes, uLong(bytes.count))
    return Array(result.prefix(Int(size)))
  }

  private func chunk(_ name: String, _ bytes: [UInt8]) -> Data {
    let body = Array(name.utf8) + bytes
    return Data(word(bytes.count) + body + word(Int(crc32(0, body, uInt(body.count)))))
  }

  private func word(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
