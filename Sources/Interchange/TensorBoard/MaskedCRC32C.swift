/// The checksum in TensorFlow's record files: CRC-32C (Castagnoli), rotated, plus a constant, so that it remains
/// effective over data that contain checksums.
package enum MaskedCRC32C {
  /// The polynomial 0x1EDC6F41, bits reversed.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
  }

  /// CRC-32C of bytes.
  package static func plain(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in sum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] }
  }

  /// The same, masked.
  package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let sum = plain(bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}
