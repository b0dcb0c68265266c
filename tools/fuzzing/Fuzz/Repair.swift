import CZlib
import Foundation

@testable import Provenance
@testable import Storage
@testable import Training

/// Corrects checksums: a reader looks at nothing after a wrong one.
enum Repair {
  /// The key of all receipts, a different one in every process.
  static let key: PrivateKey = {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("facsimile-fuzz-\(getpid()).key")
    defer { try? FileManager.default.removeItem(at: file) }
    return try! PrivateKey(writing: file)
  }()

  /// A gzip file around bytes that are taken as deflated data.
  static func gzip(_ deflated: Data) -> Data {
    let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    let (unpacked, used) = inflated(deflated)
    let sums = [UInt32(truncatingIfNeeded: checksum(unpacked)), UInt32(unpacked.count)]
    let trailer = sums.flatMap { sum in (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) } }
    return Data(header) + deflated.prefix(used) + Data(trailer) + deflated.dropFirst(used)
  }

  /// The beginning of a stream's decompressed bytes, at most 64 KiB, and how many bytes the stream has.
  private static func inflated(_ data: Data) -> (bytes: [UInt8], used: Int) {
    var (input, output) = ([UInt8](data), [UInt8](repeating: 0, count: 1 << 16))
    var stream = z_stream()
    guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      return ([], 0)
    }
    defer { inflateEnd(&stream) }
    input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        (stream.next_in, stream.avail_in) = (input.baseAddress, uInt(input.count))
        (stream.next_out, stream.avail_out) = (output.baseAddress, uInt(output.count))
        _ = inflate(&stream, Z_FINISH)
      }
    }
    return (Array(output.prefix(Int(stream.total_out))), Int(stream.total_in))
  }

  /// A PNG whose chunks have the right checksums.
  static func png(_ bytes: Data) -> Data {
    var png = [UInt8](bytes)
    var place = 8
    while place + 12 <= png.count {
      let length = png[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard place + 12 + length <= png.count else { break }
      let sum = checksum(Array(png[place + 4..<place + 8 + length]))
      for byte in 0..<4 { png[place + 8 + length + byte] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * byte)) }
      place += 12 + length
    }
    return Data(png)
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt { crc32(0, bytes, uInt(bytes.count)) }

  /// A manifest with its own hash, if it can be read as one.
  static func manifest(_ bytes: Data) -> Data {
    (try? JSONDecoder().decode(Manifest.self, from: bytes).json()) ?? bytes
  }

  /// The bytes themselves if they are an envelope; else an envelope with them as payload and the right signature.
  static func receipt(_ bytes: Data) -> Data {
    if bytes.first == UInt8(ascii: "{"), (try? JSONDecoder().decode(Envelope.self, from: bytes)) != nil {
      return bytes
    }
    return (try? JSONEncoder().encode(Envelope(bytes.dropFirst(), by: key))) ?? bytes
  }

  /// A compiled program after the line that its cache expects.
  static func program(_ bytes: Data) -> Data {
    Data("facsimile-kernels-1 \(Fingerprint.hex(of: bytes))\n".utf8) + bytes
  }
}
