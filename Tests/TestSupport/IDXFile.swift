import Foundation

/// The bytes of an IDX file with this header and these contents.
package func idx(_ magic: UInt32, _ dimensions: [Int], _ bytes: [UInt8]) -> Data {
  var data = Data()
  for word in [magic] + dimensions.map({ UInt32($0) }) {
    withUnsafeBytes(of: word.bigEndian) { data.append(contentsOf: $0) }
  }
  return data + Data(bytes)
}
