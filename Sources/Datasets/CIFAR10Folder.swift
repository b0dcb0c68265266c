import Foundation
import Storage

/// The binary files of CIFAR-10 in a folder, or in the folder that its archive unpacks to.
///
/// A record is one byte, the class, and 3,072 bytes, the image: red, green and blue, 32 rows of 32 each.
struct CIFAR10Folder {
  private let url: URL

  static let shape = ImageShape(channels: 3, height: 32, width: 32)
  static let classNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]
  /// The folder that the published archive unpacks to.
  static let unpacked = "cifar-10-batches-bin"
  private static let trainFiles = (1...5).map { "data_batch_\($0).bin" }
  private static let testFile = "test_batch.bin"
  private static let namesFile = "batches.meta.txt"
  /// All files of the archive that are read.
  static var files: [String] { trainFiles + [testFile, namesFile] }

  /// SHA-256 of the published files.
  ///
  /// Source: torchvision's Ruby port, which checks these; its SHA-256 of the archive is also TensorFlow Datasets'.
  static let publishedHashes = [
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
  ]

  /// The files in `folder`, or in a folder with the archive's name inside it; nil if there are none.
  init?(near folder: URL) {
    let inside = folder.appendingPathComponent(Self.unpacked, isDirectory: true)
    let found = [folder, inside].first { place in
      (Self.trainFiles + [Self.testFile]).contains {
        Files.isTaken(place.appendingPathComponent($0).path)
      }
    }
    guard let found else { return nil }
    url = found
  }

  /// Reads all six files.
  ///
  /// - Throws: `DatasetError`, `FileError`, `NotAFile`.
  func read() throws -> FolderContents {
    var hashes: [String: String] = [:]
    func set(_ names: [String]) throws -> ImageSet {
      var (pixels, labels): ([UInt8], [UInt8]) = ([], [])
      for name in names { hashes[name] = try read(name, into: &pixels, &labels) }
      return try ImageSet(pixels: pixels, labels: labels, shape: Self.shape)
    }
    let (train, test) = (try set(Self.trainFiles), try set([Self.testFile]))
    return FolderContents(train: train, test: test, classNames: try classNames(), files: hashes)
  }

  /// Appends the records of a file, and returns its SHA-256.
  private func read(_ name: String, into pixels: inout [UInt8], _ labels: inout [UInt8]) throws -> String {
    let file = url.appendingPathComponent(name)
    guard Files.isTaken(file.path) else {
      let others = "\(Self.trainFiles[0]) … \(Self.trainFiles.last!) and \(Self.testFile)"
      throw DatasetError(.missingFile, path: url.path, "no \(name): CIFAR-10 is the files \(others)")
    }
    let source = try FileBytes(file)
    let record = 1 + Self.shape.count
    guard source.mostBytes > 0, source.mostBytes.isMultiple(of: record) else {
      throw DatasetError(
        source.mostBytes == 0 ? .empty : .truncated, path: file.path,
        "expected records of \(record) bytes, found \(source.mostBytes) bytes in all: the file is cut off or "
          + "another one, get it again")
    }
    let count = source.mostBytes / record
    try ImageSet.checkMemory(count: labels.count + count, shape: Self.shape, path: file.path)
    let bytes = try source.next(source.mostBytes)
    guard bytes.count == source.mostBytes else {
      throw DatasetError(.truncated, path: file.path, "the file became shorter while it was read")
    }
    for (number, start) in stride(from: 0, to: bytes.count, by: record).enumerated() {
      guard bytes[start] < Self.classNames.count else {
        throw DatasetError(
          .badLabel, path: file.path,
          "record \(number) has the class \(bytes[start]), expected 0 to \(Self.classNames.count - 1)")
      }
      labels.append(bytes[start])
      pixels += bytes[start + 1..<start + record]
    }
    return Fingerprint.hex(of: bytes)
  }

  /// The lines of the file of class names, if there is one.
  private func classNames() throws -> [String] {
    let file = url.appendingPathComponent(Self.namesFile)
    guard Files.isTaken(file.path) else { return Self.classNames }
    let names = String(decoding: try readFile(file, atMost: 1 << 16), as: UTF8.self)
      .split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    guard names.count == Self.classNames.count else {
      throw DatasetError(
        .countMismatch, path: file.path,
        "expected \(Self.classNames.count) names of classes, one a line, found \(names.count)")
    }
    return names
  }
}
