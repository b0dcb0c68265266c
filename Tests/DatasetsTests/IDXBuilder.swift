import CZlib
import Foundation
import TestSupport

@testable import Datasets

/// An IDX file of `count` images whose pixels follow a pattern.
func imageFile(_ count: Int) -> Data {
  idx(0x803, [count, 28, 28], pattern(count))
}

/// An IDX file of `count` labels 0, 1, … 9, 0, …
func labelFile(_ count: Int) -> Data {
  idx(0x801, [count], (0..<count).map { UInt8($0 % 10) })
}

/// Pixels that differ between images and positions.
func pattern(_ count: Int) -> [UInt8] {
  (0..<count * 784).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 784) }
}

/// One gzip member.
func gzip(_ data: Data) -> Data { deflated(data, windowBits: 15 + 16) }

/// Deflated data; the number of window bits, as zlib has it, says what surrounds them.
func deflated(_ data: Data, windowBits: Int32 = -15) -> Data {
  var stream = z_stream()
  let size = Int32(MemoryLayout<z_stream>.size)
  deflateInit2_(&stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
  defer { deflateEnd(&stream) }
  var input = [UInt8](data)
  var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(input.count))))
  input.withUnsafeMutableBufferPointer { source in
    output.withUnsafeMutableBufferPointer { target in
      stream.next_in = source.baseAddress
      stream.avail_in = uInt(source.count)
      stream.next_out = target.baseAddress
      stream.avail_out = uInt(target.count)
      deflate(&stream, Z_FINISH)
    }
  }
  return Data(output.prefix(Int(stream.total_out)))
}

extension TemporaryFolder {
  /// A catalog that looks below this folder only; `data` may name several folders, separated by colons.
  func catalog(
    data: String = "", cache: String = "cache", system: String = "system", takesUnverified: Bool = true
  ) -> DatasetCatalog {
    let folders = data.split(separator: ":").map { path(String($0)) }
    var catalog = DatasetCatalog(
      environment: ["FACSIMILE_DATA": folders.joined(separator: ":"), "XDG_CACHE_HOME": path(cache)],
      systemFolder: file(system))
    catalog.takesUnverified = takesUnverified
    return catalog
  }

  /// Writes the four files of a small data set under a sub-folder.
  func putDataset(_ name: String, train: Int = 12, test: Int = 5, packed: Bool = false) throws {
    let files = [
      ("train-images-idx3-ubyte", imageFile(train)), ("train-labels-idx1-ubyte", labelFile(train)),
      ("t10k-images-idx3-ubyte", imageFile(test)), ("t10k-labels-idx1-ubyte", labelFile(test)),
    ]
    for (file, data) in files {
      try put(packed ? "\(name)/\(file).gz" : "\(name)/\(file)", packed ? gzip(data) : data)
    }
  }
}
