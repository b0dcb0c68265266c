import Datasets
import Foundation
import Storage
import TestSupport
import Testing

@Suite("Data sets by name and by folder")
struct CatalogTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func error(_ body: () throws -> Void) throws -> DatasetError {
    try #require(#expect(throws: DatasetError.self, performing: body))
  }

  @Test("A folder is read, plain or packed, to the same hash")
  func folders() throws {
    try folder.putDataset("plain")
    try folder.putDataset("packed", packed: true)
    let plain = try folder.catalog().load(folder.file("plain").path)
    let packed = try folder.catalog().load(folder.file("packed").path + "/")
    #expect(plain.name == "plain" && packed.name == "packed")
    #expect(plain.source?.path == folder.file("plain").path)
    #expect(!plain.isVerified)
    #expect(plain.train.count == 12 && plain.test.count == 5)
    #expect(plain.train.labels == (0..<12).map { UInt8($0 % 10) })
    #expect(plain.test.pixels == pattern(5))
    #expect(plain.train == packed.train && plain.test == packed.test)
    // The documented hash: the four unpacked files one after the other.
    let files = imageFile(12) + labelFile(12) + imageFile(5) + labelFile(5)
    #expect(plain.sha256 == Fingerprint.hex(of: files))
    #expect(packed.sha256 == plain.sha256)
    let swapped = try Dataset(name: "plain", train: plain.test, test: plain.train, source: plain.source)
    #expect(swapped.sha256 != plain.sha256)
  }

  @Test("Names are found in every place, in order")
  func places() throws {
    for (index, place) in ["a/kmnist", "b", "kmnist", "cache/facsimile/datasets/kmnist", "system/kmnist"]
      .enumerated()
    {
      try folder.putDataset(place, train: 10 + index)
    }
    func count(_ catalog: DatasetCatalog) throws -> Int { try catalog.load("kmnist").train.count }
    #expect(try count(folder.catalog(data: "none:a:b")) == 10)
    // A folder that contains IDX files directly counts only if it has the name.
    #expect(try count(folder.catalog(data: "b:kmnist:a")) == 12)
    #expect(try count(folder.catalog(data: "b")) == 13)
    #expect(try count(folder.catalog(cache: "empty")) == 14)
    let missing = try error {
      _ = try folder.catalog(data: "b:c", cache: "empty", system: "empty").load("kmnist")
    }
    #expect(missing.kind == .notFound)
    for place in ["b/kmnist", "b (which holds other", "c/kmnist", "empty/facsimile/datasets/kmnist"] {
      #expect(missing.message.contains(folder.file(place).path), "\(missing)")
    }
  }

  @Test("A relative XDG_CACHE_HOME is ignored in favour of ~/.cache")
  func home() throws {
    try folder.putDataset(".cache/facsimile/datasets/kmnist", train: 3)
    var catalog = DatasetCatalog(
      environment: ["XDG_CACHE_HOME": "relative", "HOME": folder.url.path],
      systemFolder: folder.file("system"))
    let error = try error { _ = try catalog.load("kmnist") }
    #expect(error.kind == .unverified && error.message.contains("--unverified-data"))
    catalog.takesUnverified = true
    #expect(try catalog.load("kmnist").train.count == 3)
  }

  @Test("Errors of names say what to do")
  func advice() throws {
    let fashion = try error { _ = try folder.catalog().load("fashion-mnist") }
    #expect(fashion.kind == .notFound)
    #expect(fashion.message.contains("sudo apt-get install dataset-fashion-mnist"))
    let mnist = try error { _ = try folder.catalog().load("mnist") }
    #expect(mnist.message.contains("FACSIMILE_DATA"))
    // The command comes last.
    #expect(mnist.message.contains(/get them with: facsimile data fetch mnist$/))
    let unknown = try error { _ = try folder.catalog().load("mnits") }
    #expect(unknown.kind == .unknownName)
    #expect(
      unknown.message.contains(
        "(did you mean mnist?): expected one of mnist, fashion-mnist, kmnist, cifar-10"))
    #expect(try error { _ = try folder.catalog().load("") }.kind == .unknownName)
    let file = try folder.put("file", Data())
    #expect(try error { _ = try folder.catalog().load(file.path) }.kind == .notReadable)
  }

  @Test("A known name over other contents is refused, naming the file and both hashes")
  func mismatch() throws {
    try folder.putDataset("data/mnist")
    let fault = try error { _ = try folder.catalog(data: "data").load("mnist") }
    #expect(fault.kind == .hashMismatch)
    #expect(fault.path == folder.file("data/mnist/train-labels-idx1-ubyte").path)
    #expect(fault.message.contains(Fingerprint.hex(of: labelFile(12))))
    #expect(fault.message.contains(try #require(KnownDataset.mnist.hashes?[.trainLabels])))
    // Loaded by its folder, it is a data set like any other.
    #expect(try folder.catalog().load(folder.file("data/mnist").path).isVerified == false)
  }

  @Test("Labels may be missing")
  func unlabelled() throws {
    try folder.putDataset("a")
    let labelled = try folder.catalog().load(folder.file("a").path)
    try FileManager.default.removeItem(at: folder.file("a/train-labels-idx1-ubyte"))
    let unlabelled = try folder.catalog().load(folder.file("a").path)
    #expect(unlabelled.train.labels == nil && unlabelled.test.labels != nil)
    #expect(unlabelled.train.pixels == labelled.train.pixels && unlabelled.sha256 != labelled.sha256)
  }

  @Test("Missing files and unequal counts are refused")
  func incomplete() throws {
    try folder.putDataset("a")
    try FileManager.default.removeItem(at: folder.file("a/t10k-images-idx3-ubyte"))
    let missing = try error { _ = try folder.catalog().load(folder.file("a").path) }
    #expect(missing.kind == .missingFile && missing.message.contains("t10k-images-idx3-ubyte"))
    try folder.putDataset("a")
    try folder.put("a/t10k-labels-idx1-ubyte", labelFile(6))
    let unequal = try error { _ = try folder.catalog().load(folder.file("a").path) }
    #expect(unequal.kind == .countMismatch)
    #expect(unequal.path == folder.file("a/t10k-labels-idx1-ubyte").path)
    try folder.put("empty/readme", Data())
    #expect(try error { _ = try folder.catalog().load(folder.file("empty").path) }.kind == .missingFile)
  }

  @Test("The list says of each name how things stand")
  func list() throws {
    try folder.putDataset("data/kmnist", train: 20, test: 4)
    try folder.putDataset("data/fashion-mnist")
    let list = folder.catalog(data: "data").list()
    #expect(list.map(\.name).prefix(5) == ["mnist", "fashion-mnist", "kmnist", "cifar-10", "emnist-letters"])
    #expect(
      list.map(\.state) == [.absent, .damaged, .unverified] + Array(repeating: .absent, count: list.count - 3)
    )
    #expect(list[2].trainImages == 20 && list[2].testImages == 4)
    #expect(list[2].problem?.contains("--unverified-data") == true)
    #expect(list[2].folder == folder.file("data/kmnist").path)
    #expect(list[1].problem?.contains("SHA-256") == true && list[1].trainImages == nil)
    #expect(list[0].problem?.contains("not found") == true)
  }

  @Test("An inspection has the right figures")
  func inspection() throws {
    try folder.putDataset("a", train: 12, test: 2)
    let pixels = [UInt8](repeating: 255, count: 784) + [UInt8](repeating: 0, count: 784)
    try folder.put("a/t10k-images-idx3-ubyte", idx(0x803, [2, 28, 28], pixels))
    let figures = try folder.catalog().inspect(folder.file("a").path)
    #expect(figures.name == "a" && !figures.isVerified)
    #expect(figures.train.classHistogram == [2, 2, 1, 1, 1, 1, 1, 1, 1, 1])
    #expect(figures.test.images == 2 && figures.test.height == 28 && figures.test.width == 28)
    #expect(figures.test.mean == 0.5 && figures.test.standardDeviation == 0.5)
    #expect(
      figures.files.first { $0.file == "train-labels-idx1-ubyte" }?.sha256
        == Fingerprint.hex(of: labelFile(12)))
    #expect(figures.files.count == 4)
    #expect(figures.sha256 == (try folder.catalog().load(folder.file("a").path).sha256))
    let values = pattern(12).map { Double($0) / 255 }
    let mean = values.reduce(0, +) / Double(values.count)
    #expect(abs(figures.train.mean - mean) < 1e-9)
    let coded = try JSONDecoder().decode(DatasetInspection.self, from: JSONEncoder().encode(figures))
    #expect(coded == figures)
  }

  @Test("Training and test images must be of one size; classes are counted in both")
  func wholes() throws {
    let wide = ImageShape(channels: 1, height: 14, width: 56)
    let (a, b) = (try ImageSet(pixels: pattern(2)), try ImageSet(pixels: pattern(2), shape: wide))
    let error = #expect(throws: DatasetError.self) {
      try Dataset(name: "a", train: a, test: b, source: folder.url)
    }
    #expect(error?.kind == .wrongShape)
    #expect(error?.message.contains("1×28×28") == true && error?.message.contains("1×14×56") == true)
    let (few, many) = (
      try ImageSet(pixels: pattern(2), labels: [0, 1]), try ImageSet(pixels: pattern(1), labels: [255])
    )
    func classes(_ train: ImageSet, _ test: ImageSet, _ names: [String]? = nil) throws -> Int {
      try Dataset(name: "a", train: train, test: test, classNames: names, source: folder.url).classCount
    }
    #expect(try classes(few, many) == 256 && classes(few, few) == 2 && classes(a, few) == 2)
    #expect(try classes(few, few, ["x", "y", "z"]) == 3 && classes(a, a, ["x"]) == 0)
  }

  @Test("More images than fit in memory are refused before they are read")
  func memory() throws {
    let shape = ImageShape(channels: 3, height: 128, width: 128)
    try ImageSet.checkMemory(count: 10, shape: shape, path: nil, limit: 491_520)
    let error = #expect(throws: DatasetError.self) {
      try ImageSet.checkMemory(count: 11, shape: shape, path: nil, limit: 491_520)
    }
    #expect(error?.kind == .tooLarge && error?.message.contains("need 540672 bytes") == true)
    // A sparse file, as large as its header says.
    let count = Int(ProcessInfo.processInfo.physicalMemory) / 784
    let file = try folder.put("large", idx(0x803, [count, 28, 28], []))
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: UInt64(16 + count * 784))
    let whole = #expect(throws: DatasetError.self) { try IDX.images(contentsOf: file) }
    #expect(whole?.kind == .tooLarge && whole?.path == file.path)
  }
}
