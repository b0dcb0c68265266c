import Foundation
import Storage

/// A data set in one file: its IDX files one after another (training images, training labels, test images, test labels;
/// labels only if there are any), then the class names, if any, as JSON.
///
/// Without the names, the SHA-256 of the file is the data set's.
struct PackedFile {
  let url: URL

  private struct Names: Codable {
    let classNames: [String]
  }
  private static let mostNames = 1 << 20

  /// Whether a file begins like a packed data set.
  static func isOne(_ url: URL) -> Bool {
    guard let start = try? readFile(url, atMost: 4) else { return false }
    return magic(Array(start)).map { [IDX.imagesMagic, IDX.channelImagesMagic].contains($0) } ?? false
  }

  private static func magic(_ bytes: [UInt8]) -> UInt32? {
    bytes.count == 4 ? bytes.reduce(0) { $0 << 8 | UInt32($1) } : nil
  }

  // MARK: - Reading

  /// Reads the file.
  ///
  /// - Parameter limit: images with more values stay on disk.
  /// - Throws: `DatasetError`, `FileError`, `NotAFile`.
  func read(inMemory limit: Int) throws -> FolderContents {
    let file = try FileBytes(url)
    var place = 0
    var hashes: [String: String] = [:]
    func set(_ imagesFile: DatasetFile, _ labelsFile: DatasetFile) throws -> ImageSet {
      let images = try IDX.images(file, at: place, inMemory: limit, isLast: false)
      place += IDX.imagesHeader(count: images.count, shape: images.shape!).count + images.values.count
      hashes[imagesFile.rawValue] = images.sha256
      guard try next(file, at: place) == IDX.labelsMagic else {
        return try ImageSet(bytes: images.values, labels: nil, shape: images.shape!)
      }
      let labels = try IDX.labels(file, isLast: false)
      place += IDX.header(magic: IDX.labelsMagic, dimensions: [0]).count + labels.count
      hashes[labelsFile.rawValue] = labels.sha256
      return try ImageSet(bytes: images.values, labels: labels.bytes, shape: images.shape!)
    }
    let train = try set(.trainImages, .trainLabels)
    let test = try set(.testImages, .testLabels)
    return FolderContents(train: train, test: test, classNames: try names(file), files: hashes)
  }

  /// The magic number of what comes next; nil at the end.
  private func next(_ file: FileBytes, at place: Int) throws -> UInt32? {
    guard place + 4 <= file.mostBytes else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4)
    try bytes.withUnsafeMutableBytes { try file.read(at: place, into: $0) }
    return Self.magic(bytes)
  }

  private func names(_ file: FileBytes) throws -> [String]? {
    let rest = try file.next(Self.mostNames)
    if rest.isEmpty { return nil }
    guard let names = try? JSONDecoder().decode(Names.self, from: Data(rest)), names.classNames.count <= 256
    else {
      throw DatasetError(
        .trailingBytes, path: url.path,
        "expected names of classes, or the end, after the test set, found other bytes")
    }
    return names.classNames
  }

  // MARK: - Writing

  /// Packs a folder of PNG, or another data set. Pictures are read one at a time.
  ///
  /// - Parameters:
  ///   - folder: where it is.
  ///   - known: the data set it must be; nil for any.
  ///   - progress: called with the number of images done, and of all.
  /// - Throws: as reading it; `FileError`, `NotAFile`. An existing file is kept until the new one is complete.
  func write(_ folder: DatasetFolder, as known: KnownDataset?, progress: (Int, Int) -> Void) throws {
    guard let plan = try folder.pictures(as: known) else {
      let contents = try folder.read(as: known, inMemory: 0)
      let sets = [contents.train, contents.test]
      return try write(
        sets.map { ($0.count, $0.labels) }, contents.train.shape, contents.classNames, progress
      ) { try sets[$0].bytes.values($1 * sets[$0].shape.count..<($1 + 1) * sets[$0].shape.count) }
    }
    let sets = zip(plan.sets, plan.isLabelled).map { ($0.count, $1 ? $0.map(\.label) : nil) }
    try write(sets, plan.shape, plan.classNames, progress) {
      try PNGImages.values(of: plan.sets[$0][$1].file, plan.shape)
    }
  }

  /// - Parameter values: the values of an image of a set.
  private func write(
    _ sets: [(count: Int, labels: [UInt8]?)], _ shape: ImageShape, _ classNames: [String]?,
    _ progress: (Int, Int) -> Void, _ values: (_ set: Int, _ image: Int) throws -> [UInt8]
  ) throws {
    let all = sets.reduce(0) { $0 + $1.count }
    var done = 0
    try AtomicFile.write(to: url) { append in
      for (number, set) in sets.enumerated() {
        var gathered = IDX.imagesHeader(count: set.count, shape: shape)
        for image in 0..<set.count {
          gathered += try values(number, image)
          done += 1
          guard gathered.count >= 1 << 20 || image == set.count - 1 else { continue }
          try gathered.withUnsafeBytes(append)
          gathered.removeAll(keepingCapacity: true)
          progress(done, all)
        }
        guard let labels = set.labels else { continue }
        try (IDX.header(magic: IDX.labelsMagic, dimensions: [set.count]) + labels).withUnsafeBytes(append)
      }
      if let classNames {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        try (encoder.encode(Names(classNames: classNames)) + Data("\n".utf8)).withUnsafeBytes(append)
      }
    }
  }
}

extension DatasetCatalog {
  /// Packs a data set into one file, from which a model can be trained without loading the images into memory.
  ///
  /// - Parameters:
  ///   - nameOrFolder: as for ``load(_:)``; pictures of a folder of PNG are read one at a time.
  ///   - file: the file, which is replaced once the new one is complete.
  ///   - progress: called with the number of images done, and of all.
  /// - Throws: as ``load(_:)``.
  package func pack(_ nameOrFolder: String, to file: URL, progress: (Int, Int) -> Void) throws {
    let (known, folder) = try place(of: nameOrFolder)
    try PackedFile(url: file).write(folder, as: known, progress: progress)
  }
}
