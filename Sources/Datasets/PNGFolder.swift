import Foundation
import Numerics

/// A folder of PNG: `train/CLASS/*.png` and `test/CLASS/*.png`, `CLASS/*.png`, or all of that without classes.
///
/// Classes are numbered in the natural order of their names, and images come class by class, in the natural order of
/// theirs. If there are folders `train` and `test`, everything beside them is ignored.
struct PNGFolder {
  let url: URL

  private static let parts = ["train", "test"]
  private static let mostClasses = 256
  /// One in this many images becomes a test image, unless folders define the split.
  private static let testShare = 10
  /// `test` in ASCII; part of the definition of a split, so it never changes.
  private static let splitSeed: UInt64 = 0x7465_7374

  /// The pictures that belong to the two sets, in order.
  struct Plan {
    /// Training and test pictures, each with its class.
    let sets: [[(file: URL, label: UInt8)]]
    /// Whether each set has labels.
    let isLabelled: [Bool]
    let shape: ImageShape
    let classNames: [String]?
  }

  /// Reads all images.
  ///
  /// - Throws: `DatasetError`, `PNGError` for an invalid PNG, `FileError`, `NotAFile`.
  func read() throws -> FolderContents {
    let plan = try plan()
    let sets = try zip(plan.sets, plan.isLabelled).map { try Self.set($0, isLabelled: $1, plan.shape) }
    return FolderContents(train: sets[0], test: sets[1], classNames: plan.classNames, files: [:])
  }

  /// The images to read; the headers of all pictures are checked.
  ///
  /// - Throws: as ``read()``.
  func plan() throws -> Plan {
    let listing = try FolderListing(url)
    let named = Self.parts.filter(listing.folders.contains)
    if named.count == 1, try isPart(named[0], listing) {
      throw DatasetError(
        .missingFile, path: url.path,
        "holds \(named[0]) but no \(Self.parts.first { $0 != named[0] }!): expected both; or name \(named[0]) itself, "
          + "and a tenth of it becomes the test set")
    }
    return named.count == 2
      ? try parts(named.map { try PNGPart(url.appendingPathComponent($0, isDirectory: true)) })
      : try whole(PNGPart(url))
  }

  /// Whether a folder called `train` or `test` is a part of the data set, and not a class of that name.
  private func isPart(_ name: String, _ listing: FolderListing) throws -> Bool {
    guard listing.folders.count > 1 else { return true }
    return try !FolderListing(url.appendingPathComponent(name, isDirectory: true)).folders.isEmpty
  }

  private func parts(_ parts: [PNGPart]) throws -> Plan {
    let names = NaturalOrder.sorted(Array(Set(parts.flatMap { $0.classNames ?? [] })))
    try check(names)
    let images = parts.map { $0.images(classes: names) }
    let shape = try PNGImages.shape(of: images.joined().map(\.file))
    return Plan(
      sets: images, isLabelled: parts.map { $0.classNames != nil }, shape: shape,
      classNames: names.isEmpty ? nil : names)
  }

  private func whole(_ part: PNGPart) throws -> Plan {
    try check(part.classNames ?? [])
    let images = part.images(classes: part.classNames ?? [])
    guard images.count > 1 else {
      throw DatasetError(
        .badSplit, path: url.path,
        "expected two PNG pictures or more, one of them for the test set, found one")
    }
    let shape = try PNGImages.shape(of: images.map(\.file))
    let split = Self.split(labels: images.map(\.label))
    let isLabelled = part.classNames != nil
    return Plan(
      sets: [split.train, split.test].map { indices in indices.map { images[$0] } },
      isLabelled: [isLabelled, isLabelled], shape: shape, classNames: part.classNames)
  }

  private static func set(
    _ images: [(file: URL, label: UInt8)], isLabelled: Bool, _ shape: ImageShape
  ) throws -> ImageSet {
    try ImageSet(
      pixels: PNGImages.pixels(of: images.map(\.file), shape), labels: isLabelled ? images.map(\.label) : nil,
      shape: shape)
  }

  private func check(_ names: [String]) throws {
    guard names.count > Self.mostClasses else { return }
    throw DatasetError(
      .badLabel, path: url.path,
      "expected at most \(Self.mostClasses) folders, one a class, found \(names.count)")
  }

  /// The training images and the tenth used for testing, both ascending.
  ///
  /// Images are put in the order (class, Philox word of stream `split` for the image under a fixed seed, image), and
  /// every tenth is taken, so each class gives its tenth, give or take one.
  private static func split(labels: [UInt8]) -> (train: [Int], test: [Int]) {
    let random = RandomStream.split.order(0..<UInt32(labels.count), seed: splitSeed).map(Int.init)
    var ofClass = [[Int]](repeating: [], count: mostClasses)
    for image in random { ofClass[Int(labels[image])].append(image) }
    let first = min(testShare / 2 - 1, labels.count - 1)
    let test = Set(ofClass.joined().enumerated().filter { $0.offset % testShare == first }.map(\.element))
    return (labels.indices.filter { !test.contains($0) }, test.sorted())
  }
}

/// Pictures that belong together: in one folder, or in a folder for each class.
private struct PNGPart {
  private let files: [URL]
  private let classes: [(name: String, files: [URL])]

  init(_ url: URL) throws {
    let listing = try FolderListing(url)
    files = try listing.images()
    classes = try listing.folders.map { name in
      let inside = try FolderListing(url.appendingPathComponent(name, isDirectory: true))
      let images = try inside.images()
      if images.isEmpty, let deeper = inside.folders.first {
        throw DatasetError(
          .notReadable, path: inside.url.path,
          "expected PNG pictures, found none but folders (\(deeper), …): name the folder that holds the classes"
        )
      }
      return (name, images)
    }
    let filled = classes.first { !$0.files.isEmpty }
    if let file = files.first, let filled {
      throw DatasetError(
        .notReadable, path: url.path,
        "expected pictures or folders of them, one a class, found both (\(file.lastPathComponent) and \(filled.name))"
      )
    }
    if files.isEmpty, filled == nil {
      throw DatasetError(
        .missingFile, path: url.path,
        "holds no images: expected IDX files (train-images-idx3-ubyte, …), CIFAR-10's binary files, or PNG pictures "
          + "(train/CLASS/*.png and test/CLASS/*.png, CLASS/*.png, or *.png)")
    }
  }

  /// The names of the folders, including empty ones; nil if there are pictures without a class.
  var classNames: [String]? { files.isEmpty ? classes.map(\.name) : nil }

  /// All pictures, each with the index of its class in `names`, or 0.
  func images(classes names: [String]) -> [(file: URL, label: UInt8)] {
    let labels = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, UInt8($0)) })
    return files.map { ($0, 0) }
      + classes.sorted { labels[$0.name, default: 0] < labels[$1.name, default: 0] }
      .flatMap { each in each.files.map { ($0, labels[each.name, default: 0]) } }
  }
}
