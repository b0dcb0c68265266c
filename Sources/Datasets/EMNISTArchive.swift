import Foundation
import Storage

/// The published archive of EMNIST, which holds six data sets of handwritten letters and digits as IDX files.
///
/// Its images lie on their side, and the labels of the letters begin with 1: both are put right.
/// Source: Cohen, Afshar, Tapson and van Schaik, arXiv 1702.05373.
struct EMNISTArchive {
  private let url: URL

  /// Its name, as published.
  static let file = "gzip.zip"
  static let bytes = 561_753_746
  /// Source: TensorFlow Datasets, Julia's MLDatasets and others, which agree.
  static let publishedHash = "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"

  /// The archive in `folder`; nil if there is none.
  init?(in folder: URL) {
    url = folder.appendingPathComponent(Self.file)
    guard Files.isTaken(url.path) else { return nil }
  }

  /// The key of an archive's hash in ``FolderContents/files``, for one of its data sets.
  static func key(_ name: String) -> String { "\(file):\(name)" }

  /// Reads one of the six.
  ///
  /// - Throws: `DatasetError`, `FileError`, `NotAFile`.
  func read(_ known: KnownDataset) throws -> FolderContents {
    let hash = try Fingerprint.hex(ofFile: url)
    let archive = try ZipArchive(url)
    func set(_ part: String) throws -> ImageSet {
      let labels = try archived(archive, "\(known.rawValue)-\(part)-labels-idx1-ubyte.gz") {
        try IDX.labels($0)
      }
      let images = try archived(archive, "\(known.rawValue)-\(part)-images-idx3-ubyte.gz") {
        try IDX.images($0)
      }
      let shape = images.shape!
      guard shape.channels == 1, shape.height == shape.width else {
        throw DatasetError(.wrongShape, path: url.path, "expected square images in gray, found \(shape)")
      }
      return try ImageSet(
        pixels: Self.upright(try images.bytes, side: shape.width),
        labels: try classes(try labels.bytes, known), shape: shape)
    }
    return FolderContents(
      train: try set("train"), test: try set("test"), classNames: nil, files: [Self.key(known.rawValue): hash]
    )
  }

  private func archived(
    _ archive: ZipArchive, _ name: String, _ read: (any ByteSource) throws -> IDX.Contents
  ) throws -> IDX.Contents {
    try read(GzipBytes(try archive.source(name)))
  }

  /// Every image with its rows and columns exchanged.
  static func upright(_ pixels: [UInt8], side: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: pixels.count) { upright, initialized in
      for start in stride(from: 0, to: pixels.count, by: side * side) {
        for row in 0..<side {
          for column in 0..<side {
            upright[start + row * side + column] = pixels[start + column * side + row]
          }
        }
      }
      initialized = pixels.count
    }
  }

  private func classes(_ labels: [UInt8], _ known: KnownDataset) throws -> [UInt8] {
    let first = known == .emnistLetters ? 1 : 0
    let range = first..<first + known.classNames.count
    if let wrong = labels.first(where: { !range.contains(Int($0)) }) {
      throw DatasetError(
        .badLabel, path: url.path,
        "a label of \(known.rawValue) is \(wrong), expected \(range.first!) to \(range.last!)")
    }
    return first == 0 ? labels : labels.map { $0 - 1 }
  }
}
