import Datasets
import Foundation
import Storage
import TestSupport
import Testing

@Suite("CIFAR-10's binary files")
struct CIFAR10Tests {
  private let folder: TemporaryFolder
  private var strict: DatasetCatalog { folder.catalog(data: "data", takesUnverified: false) }
  private var catalog: DatasetCatalog { folder.catalog(data: "data") }

  init() throws { folder = try TemporaryFolder() }

  private static func image(_ number: Int) -> [UInt8] {
    (0..<3072).map { UInt8(truncatingIfNeeded: $0 / 1024 * 90 + number * 11 + $0 % 7) }
  }

  private static func records(_ numbers: Range<Int>) -> Data {
    Data(numbers.flatMap { [UInt8($0 % 10)] + image($0) })
  }

  private func put(_ place: String) throws {
    for batch in 0..<5 {
      try folder.put("\(place)/data_batch_\(batch + 1).bin", Self.records(batch * 3..<batch * 3 + 3))
    }
    try folder.put("\(place)/test_batch.bin", Self.records(15..<17))
  }

  private func error(_ data: String) throws -> DatasetError {
    let error = try #require(#expect(throws: DatasetError.self) { try catalog.load(data) })
    #expect(!"\(error)".contains("\n"), "an error is one line")
    return error
  }

  @Test("By name and by folder, in the folder or in the archive's inside")
  func read() throws {
    try put("data/cifar-10/cifar-10-batches-bin")
    let refusal = #expect(throws: DatasetError.self) { try strict.load("cifar-10") }
    #expect(refusal?.kind == .unverified)
    let byName = try catalog.load("cifar-10")
    #expect(byName.name == "cifar-10" && !byName.isVerified)
    #expect(byName.shape == ImageShape(channels: 3, height: 32, width: 32))
    #expect(byName.train.count == 15 && byName.test.count == 2 && byName.classCount == 10)
    #expect(byName.classNames?.first == "airplane" && byName.className(9) == "truck")
    #expect(byName.train.image(7) == Self.image(7) && byName.test.image(1) == Self.image(16))
    #expect(byName.train.labels == (0..<15).map { UInt8($0 % 10) } && byName.test.labels == [5, 6])
    // The documented hash: four IDX files, the images' of four dimensions.
    let files =
      idx(0x804, [15, 3, 32, 32], (0..<15).flatMap(Self.image)) + idx(0x801, [15], byName.train.labels!)
      + idx(0x804, [2, 3, 32, 32], (15..<17).flatMap(Self.image)) + idx(0x801, [2], [5, 6])
    #expect(byName.sha256 == Fingerprint.hex(of: files))

    let names = (0..<10).map { "name \($0)" }
    try put("mine")
    try folder.put("mine/batches.meta.txt", Data((names.joined(separator: "\n") + "\n\n").utf8))
    let byFolder = try catalog.load(folder.path("mine"))
    #expect(byFolder.name == "mine" && byFolder.sha256 == byName.sha256 && byFolder.classNames == names)
    let figures = try catalog.inspect(folder.path("mine"))
    #expect(figures.files.last?.file == "test_batch.bin")
    #expect(figures.files.last?.sha256 == Fingerprint.hex(of: Self.records(15..<17)))
    #expect(figures.files.count == 6 && figures.train.channels == 3 && figures.classNames == names)
    let blue = byFolder.test.pixels[2048..<3072] + byFolder.test.pixels[5120..<6144]
    let mean = blue.reduce(0) { $0 + Double($1) / 255 } / 2048
    #expect(abs(figures.test.channelMeans[2] - mean) < 1e-9 && figures.test.channelMeans.count == 3)
    #expect(abs(figures.test.channelMeans.reduce(0, +) / 3 - figures.test.mean) < 1e-9)
  }

  @Test("The same data as IDX files of four dimensions have the same hash")
  func asIDX() throws {
    try put("bin")
    let cifar = try catalog.load(folder.path("bin"))
    for name in ["idx3", "idx4"] {
      for (part, set) in [("train", cifar.train), ("t10k", cifar.test)] {
        let images = idx(0x804, [set.count, 3, 32, 32], set.pixels)
        try folder.put("\(name)/\(part)-images-\(name)-ubyte.gz", gzip(images))
        try folder.put("\(name)/\(part)-labels-idx1-ubyte", idx(0x801, [set.count], set.labels!))
      }
      let dataset = try catalog.load(folder.path(name))
      #expect(dataset.sha256 == cifar.sha256 && dataset.train == cifar.train && dataset.classNames == nil)
    }
  }

  @Test("Missing, cut and foreign files are refused by name")
  func refused() throws {
    for (name, data, kind): (String, Data?, DatasetError.Kind) in [
      ("data_batch_3.bin", nil, .missingFile), ("test_batch.bin", nil, .missingFile),
      ("data_batch_2.bin", Data(), .empty), ("test_batch.bin", Self.records(0..<2).dropLast(), .truncated),
      ("data_batch_5.bin", Data([10]) + Self.records(0..<1).dropFirst(), .badLabel),
      ("batches.meta.txt", Data("cat\ndog\n".utf8), .countMismatch),
    ] {
      try put("bad")
      try? FileManager.default.removeItem(at: folder.file("bad/batches.meta.txt"))
      try FileManager.default.removeItem(at: folder.file("bad/data_batch_1.bin"))
      try folder.put("bad/data_batch_1.bin", Self.records(0..<3))
      if let data { try folder.put("bad/\(name)", data) } else { try remove("bad/\(name)") }
      let found = try error(folder.path("bad"))
      #expect(found.kind == kind && "\(found)".contains(name), "\(found)")
    }
  }

  private func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: folder.file(name))
  }

  @Test("A packed archive, or nothing, gives advice")
  func advice() throws {
    let missing = try error("cifar-10")
    #expect(missing.kind == .notFound)
    #expect(missing.message.contains("FACSIMILE_DATA"))
    #expect(missing.message.contains(/get them with: facsimile data fetch cifar-10$/))
    let archive = try folder.put("data/cifar-10/cifar-10-binary.tar.gz", gzip(Data([1])))
    for name in ["cifar-10", folder.path("data/cifar-10"), archive.path] {
      let packed = try error(name)
      #expect(
        packed.path == archive.path && packed.message.contains("tar -xf \(archive.path) -C "), "\(packed)")
    }
    try remove("data/cifar-10/cifar-10-binary.tar.gz")
    try folder.put("data/cifar-10-python.tar.gz", Data())
    #expect(try error("cifar-10").message.contains("binary version"))
    // An archive does not hide files unpacked elsewhere.
    try put("cache/facsimile/datasets/cifar-10")
    #expect(try catalog.load("cifar-10").train.count == 15)
  }
}
