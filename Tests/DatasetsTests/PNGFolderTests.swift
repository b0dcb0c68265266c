import Datasets
import Foundation
import Pictures
import Storage
import TestSupport
import Testing

@Suite("Folders of PNG")
struct PNGFolderTests {
  private let folder: TemporaryFolder
  private let catalog = DatasetCatalog(environment: [:])

  init() throws {
    folder = try TemporaryFolder()
  }

  /// A picture of one shade; in colour the channels of a pixel count up.
  @discardableResult
  private func put(_ name: String, _ shade: UInt8, channels: Int = 1, width: Int = 9, height: Int = 8) throws
    -> URL
  {
    let pixels = (0..<channels * width * height).map { shade + UInt8($0 % channels) }
    return try folder.put(
      name, Picture(channels: channels, width: width, height: height, pixels: pixels).pngData())
  }

  private func load(_ name: String = "") throws -> Dataset { try catalog.load(folder.path(name)) }

  /// The first value of every image.
  private func shades(_ set: ImageSet) -> [UInt8] { (0..<set.count).map { set.image($0)[0] } }

  private func error(_ name: String) throws -> DatasetError {
    let error = try #require(#expect(throws: DatasetError.self) { try load(name) })
    #expect(!"\(error)".contains("\n"), "an error is one line")
    return error
  }

  @Test("Training and test images of classes, in natural order")
  func parts() throws {
    for (name, shade): (String, UInt8) in [
      ("a/train/c10/7.png", 50), ("a/train/c2/img10.png", 20), ("a/train/c2/img2.PNG", 10),
      ("a/train/c2/img0002.png", 11), ("a/test/c10/1.png", 60), ("a/test/c2/1.png", 30),
      ("a/test/c11/1.png", 70),
      ("a/val/c1/1.png", 1), ("a/preview.png", 2), ("a/train/.hidden/1.png", 3), ("a/test/c2/.1.png", 4),
    ] { try put(name, shade) }
    try folder.put("a/train/c2/readme.txt", Data("no picture".utf8))
    let dataset = try load("a")
    #expect(dataset.name == "a" && dataset.classNames == ["c2", "c10", "c11"] && dataset.classCount == 3)
    #expect(dataset.shape == ImageShape(channels: 1, height: 8, width: 9))
    #expect(shades(dataset.train) == [10, 11, 20, 50] && dataset.train.labels == [0, 0, 0, 1])
    #expect(shades(dataset.test) == [30, 60, 70] && dataset.test.labels == [0, 1, 2])
  }

  @Test("A tenth of every class becomes the test set, the same every time")
  func tenth() throws {
    let sizes = ["x": 20, "y": 33, "z": 47]
    for (name, count) in sizes {
      for image in 0..<count { try put("a/\(name)/\(image).png", UInt8(image)) }
    }
    let dataset = try load("a")
    #expect(dataset.train.count == 90 && dataset.test.count == 10)
    #expect(dataset.classNames == ["x", "y", "z"])
    for (label, name) in ["x", "y", "z"].enumerated() {
      let parts = [dataset.train, dataset.test].map { set in
        zip(shades(set), set.labels!).filter { $0.1 == UInt8(label) }.map(\.0)
      }
      #expect(parts[0] == parts[0].sorted() && parts[1] == parts[1].sorted())
      #expect((parts[0] + parts[1]).sorted() == (0..<sizes[name]!).map { UInt8($0) })
      #expect(abs(Double(parts[1].count) - Double(sizes[name]!) / 10) < 1, "\(name): \(parts[1].count)")
    }
    #expect(try load("a").sha256 == dataset.sha256)
    // The choice is part of the data set's definition: it never changes.
    #expect(shades(dataset.test) == [7, 9, 11, 13, 21, 4, 7, 17, 33, 38])
  }

  @Test("Images without classes")
  func unlabelled() throws {
    for image in 0..<20 { try put("a/\(image).png", UInt8(image)) }
    let whole = try load("a")
    #expect(whole.train.labels == nil && whole.test.labels == nil && whole.classCount == 0)
    #expect(whole.train.count == 18 && whole.test.count == 2 && whole.classNames == nil)
    #expect((shades(whole.train) + shades(whole.test)).sorted() == (0..<20).map { UInt8($0) })
    for image in 0..<3 { try put("b/train/\(image).png", UInt8(image)) }
    try put("b/test/1.png", 9)
    let parts = try load("b")
    #expect(shades(parts.train) == [0, 1, 2] && shades(parts.test) == [9] && parts.train.labels == nil)
    try put("two/1.png", 1)
    try put("two/2.png", 2)
    #expect(try load("two").test.count == 1)
  }

  @Test("Where one image is in colour, all are")
  func colour() throws {
    try put("a/train/1.png", 10)
    try put("a/train/2.png", 20)
    try put("a/test/1.png", 30, channels: 3)
    let dataset = try load("a")
    #expect(dataset.shape == ImageShape(channels: 3, height: 8, width: 9))
    #expect(dataset.train.image(1) == [UInt8](repeating: 20, count: 216))
    let planes = (0..<3).flatMap { [UInt8](repeating: 30 + UInt8($0), count: 72) }
    #expect(dataset.test.image(0) == planes)
  }

  @Test("Classes called train, and classes without images, are classes")
  func classes() throws {
    for name in ["plane", "train"] {
      for image in 0..<10 { try put("a/\(name)/\(image).png", 1) }
    }
    #expect(try load("a").classNames == ["plane", "train"])
    try FileManager.default.createDirectory(at: folder.file("a/zeppelin"), withIntermediateDirectories: true)
    let dataset = try load("a")
    #expect(dataset.classCount == 3 && dataset.className(2) == "zeppelin")
  }

  @Test("Sizes that differ, or are not handled, are refused before anything is unpacked")
  func sizes() throws {
    let first = try put("a/x/1.png", 1)
    let second = try put("a/y/1.png", 1, width: 10)
    let mixed = try error("a")
    #expect(mixed.kind == .wrongShape && mixed.path == second.path)
    #expect(mixed.message.contains("8 × 10 pixels") && mixed.message.contains("\(first.path) has 8 × 9"))
    for (width, height) in [(7, 8), (8, 7), (129, 8), (8, 129)] {
      let file = try put("b/1.png", 1, width: width, height: height)
      try put("b/2.png", 1, width: width, height: height)
      let found = try error("b")
      #expect(found.kind == .wrongShape && found.path == file.path)
      #expect(found.message.contains("8 to 128 pixels a side, found \(height) × \(width)"))
    }
  }

  @Test("Files that are no sound PNG are named")
  func damaged() throws {
    let sound = try Data(contentsOf: put("a/1.png", 1))
    for bad in [
      Data(), Data("nothing of the kind, but long enough for it".utf8), sound.prefix(40), sound.prefix(20),
    ] {
      let file = try folder.put("a/2.png", bad)
      let error = #expect(throws: PNGError.self) { try load("a") }
      #expect(error?.path == file.path)
    }
    try FileManager.default.removeItem(at: folder.file("a/2.png"))
    mkfifo(folder.path("a/2.png"), 0o600)
    #expect(throws: NotAFile.self, "a pipe is not waited for") { try load("a") }
    try FileManager.default.removeItem(at: folder.file("a/2.png"))
    let other = try folder.put("a/2.jpeg", Data([0xFF, 0xD8]))
    #expect(try error("a").path == other.path)
  }

  @Test("Ambiguous folders are refused")
  func folders() throws {
    try folder.put("empty/readme", Data())
    #expect(try error("empty").message.contains("holds no images"))
    try put("only/train/x/1.png", 1)
    #expect(try error("only").message.contains("holds train but no test"))
    try put("only/valid/x/1.png", 1)
    #expect(try error("only").message.contains("holds train but no test"))
    try put("both/1.png", 1)
    try put("both/x/1.png", 1)
    #expect(try error("both").message.contains("found both (1.png and x)"))
    try put("deep/data/train/1.png", 1)
    #expect(try error("deep").path == folder.path("deep/data"))
    try put("one/1.png", 1)
    #expect(try error("one").kind == .badSplit)
    let archive = try folder.put("my data/it's.tar.gz", Data())
    let packed = try error("my data")
    #expect(packed.path == archive.path && packed.message.contains(#"it'\''s.tar.gz' -C '"#), "\(packed)")
    for number in 0...256 {
      try FileManager.default.createDirectory(
        at: folder.file("many/\(number)"), withIntermediateDirectories: true)
    }
    try put("many/0/1.png", 1)
    #expect(try error("many").message.contains("at most 256 folders, one a class, found 257"))
  }
}
