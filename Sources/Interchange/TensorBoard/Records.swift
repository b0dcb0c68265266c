import Foundation

/// TensorFlow's record files: each record is its length (8 bytes), that length's checksum (4), the data, and their
/// checksum (4), all little-endian.
package enum Records {
  /// A record as stored in a file.
  package static func record(_ data: Data) -> Data {
    let length = bytes(UInt64(data.count))
    return length + bytes(MaskedCRC32C.masked(length)) + data + bytes(MaskedCRC32C.masked(data))
  }

  private static func bytes(_ number: some FixedWidthInteger) -> Data {
    withUnsafeBytes(of: number.littleEndian) { Data($0) }
  }
}
