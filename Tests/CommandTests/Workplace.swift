import Foundation

/// A folder of its own for one test, with a small data set; removed when the test ends.
final class Workplace {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("facsimile-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// A path inside.
  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Writes a file.
  func put(_ name: String, _ data: Data) throws { try data.write(to: url.appendingPathComponent(name)) }

  /// Makes a data set `data` of discs, ten classes.
  func putDataset(train: Int = 80, test: Int = 30, labels: Bool = true) throws {
    let folder = url.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, count) in [("train", train), ("t10k", test)] {
      try put("data/\(name)-images-idx3-ubyte", Self.idx(0x803, [count, 28, 28], Self.discs(count)))
      guard labels else { continue }
      let classes = (0..<count).map { UInt8($0 % 10) }
      try put("data/\(name)-labels-idx1-ubyte", Self.idx(0x801, [count], classes))
    }
  }

  /// The bytes of an IDX file.
  static func idx(_ magic: UInt32, _ dimensions: [Int], _ bytes: [UInt8]) -> Data {
    var data = Data()
    for word in [magic] + dimensions.map({ UInt32($0) }) {
      withUnsafeBytes(of: word.bigEndian) { data.append(contentsOf: $0) }
    }
    return data + Data(bytes)
  }

  /// A disc an image, its place by its class.
  static func discs(_ count: Int) -> [UInt8] {
    (0..<count * 784).map { place in
      let (image, y, x) = (place / 784, place % 784 / 28, place % 28)
      let (dx, dy) = (x - 6 - 4 * (image % 5), y - 8 - 10 * (image % 10 / 5))
      return dx * dx + dy * dy < 16 + image % 7 ? 200 : 0
    }
  }
}
