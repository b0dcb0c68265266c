import Foundation
import Storage
import TestSupport
import Testing

@testable import Datasets

@Suite("EMNIST's archive")
struct EMNISTTests {
  private let folder: TemporaryFolder
  private var strict: DatasetCatalog { folder.catalog(data: "data", takesUnverified: false) }
  private var catalog: DatasetCatalog { folder.catalog(data: "data") }

  init() throws { folder = try TemporaryFolder() }

  private static func words(_ number: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  /// A ZIP archive; every other file is deflated, the others are stored.
  private static func zip(_ files: [(name: String, data: Data)]) -> Data {
    var (archive, directory) = (Data(), Data())
    for (number, file) in files.enumerated() {
      let packed = number % 2 == 0 ? deflated(file.data) : file.data
      let start = archive.count
      let common =
        words(20, 2) + words(0, 2) + words(number % 2 == 0 ? 8 : 0, 2) + words(0, 8) + words(packed.count, 4)
        + words(file.data.count, 4) + words(file.name.utf8.count, 2)
      archive += words(0x0403_4b50, 4) + common + words(3, 2) + Array(file.name.utf8) + [1, 2, 3] + packed
      directory += words(0x0201_4b50, 4) + words(20, 2) + common + words(0, 12) + words(start, 4)
      directory += Array(file.name.utf8)
    }
    let end =
      words(0x0605_4b50, 4) + words(0, 4) + words(files.count, 2) + words(files.count, 2)
      + words(directory.count, 4)
      + words(archive.count, 4) + words(5, 2) + Array("words".utf8)
    return archive + directory + Data(end)
  }

  /// The four files of a part, on their side as in the published archive, with these labels.
  private static func part(_ name: String, labels: [UInt8]) -> [(String, Data)] {
    [("train", labels), ("test", Array(labels.prefix(2)))].flatMap { part, labels in
      let pixels = EMNISTArchive.upright(pattern(labels.count), side: 28)
      return [
        ("gzip/\(name)-\(part)-images-idx3-ubyte.gz", gzip(idx(0x803, [labels.count, 28, 28], pixels))),
        ("gzip/\(name)-\(part)-labels-idx1-ubyte.gz", gzip(idx(0x801, [labels.count], labels))),
      ]
    }
  }

  private static let sound = zip(
    [("gzip/", Data())] + part("emnist-letters", labels: [1, 26, 3])
      + part("emnist-byclass", labels: [0, 61, 10]))

  @Test("Upright images, labels from zero, names of classes; unverified unless it is the published archive")
  func read() throws {
    try folder.put("data/emnist/gzip.zip", Self.sound)
    let letters = try catalog.load("emnist-letters")
    #expect(letters.name == "emnist-letters" && !letters.isVerified && letters.classCount == 26)
    #expect(letters.train.labels == [0, 25, 2] && letters.test.labels == [0, 25])
    #expect(letters.train.pixels == pattern(3) && letters.test.pixels == pattern(2))
    #expect(letters.className(25) == "Z")
    let byClass = try catalog.load("emnist-byclass")
    #expect(byClass.train.labels == [0, 61, 10] && byClass.classCount == 62)
    #expect(byClass.className(10) == "A" && byClass.className(61) == "z")
    #expect(KnownDataset.emnistBalanced.classNames.count == 47)
    let refusal = #expect(throws: DatasetError.self) { try strict.load("emnist-letters") }
    #expect(refusal?.kind == .unverified)
    let lacking = #expect(throws: DatasetError.self) { try catalog.load("emnist-digits") }
    #expect("\(lacking!)".hasSuffix("it lacks emnist-digits-train-labels-idx1-ubyte.gz"))
    let asFolder = #expect(throws: DatasetError.self) { try catalog.load(folder.path("data/emnist")) }
    #expect("\(asFolder!)".contains("name one of the six data sets in it"))
    let missing = #expect(throws: DatasetError.self) {
      try DatasetCatalog(environment: [:], systemFolder: folder.file("none")).load("emnist-letters")
    }
    #expect("\(missing!)".hasSuffix("get them with: facsimile data fetch emnist-letters"))
  }

  @Test("A label that is no class is refused")
  func labels() throws {
    try folder.put("data/emnist/gzip.zip", Self.zip(Self.part("emnist-letters", labels: [1, 2, 0])))
    let error = #expect(throws: DatasetError.self) { try catalog.load("emnist-letters") }
    #expect(error?.kind == .badLabel && "\(error!)".contains("is 0, expected 1 to 26"))
  }

  @Test("Cut off at any place it is an error, and so is a directory that points elsewhere")
  func damaged() throws {
    var generator = SystemRandomNumberGenerator()
    for cut in [0, 1, 21, 22, Self.sound.count - 1]
      + (0..<40).map({ _ in .random(in: 0..<Self.sound.count, using: &generator) })
    {
      try folder.put("data/emnist/gzip.zip", Self.sound.prefix(cut))
      let error = #expect(throws: DatasetError.self, "cut at \(cut)") { try catalog.load("emnist-letters") }
      #expect(!"\(error!)".contains("\n"))
    }
    for _ in 0..<300 {
      var flipped = Self.sound
      let place = Int.random(in: 0..<flipped.count, using: &generator)
      flipped[place] ^= UInt8(1) << Int.random(in: 0..<8, using: &generator)
      try folder.put("data/emnist/gzip.zip", flipped)
      // Most are noticed by gzip; what nobody reads may change.
      do { #expect(try catalog.load("emnist-letters").train.count == 3) } catch is DatasetError {}
    }
  }

  @Test("One archive is fetched for all six, into one folder")
  func plan() {
    let names = KnownDataset.allCases.filter { $0.form == .emnist }
    #expect(names.count == 6)
    #expect(Set(names.map { strict.cacheFolder(of: $0).lastPathComponent }) == ["emnist"])
    for name in names { #expect(name.fetchPlan.files.map(\.name) == ["gzip.zip"]) }
  }
}
