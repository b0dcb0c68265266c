import Datasets
import Foundation
import Pictures
import Storage
import TestSupport
import Testing

@Suite("Images left in files, and packed files")
struct PackedFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func catalog(memory: Int? = nil) -> DatasetCatalog {
    var catalog = DatasetCatalog(environment: [:])
    catalog.memory = memory
    return catalog
  }

  private func pack(_ name: String, _ file: String) throws -> URL {
    try catalog().pack(folder.path(name), to: folder.file(file)) { _, _ in }
    return folder.file(file)
  }

  /// A picture of random pixels.
  private func putPicture(_ name: String, _ seed: Int, channels: Int = 1) throws {
    let pixels = (0..<channels * 72).map { UInt8(truncatingIfNeeded: seed &* 37 &+ $0 &* $0) }
    try folder.put(name, Picture(channels: channels, width: 9, height: 8, pixels: pixels).pngData())
  }

  @Test("With a budget, plain IDX images stay in their file, and are the same")
  func filed() throws {
    try folder.putDataset("plain")
    try folder.putDataset("packed", packed: true)
    let memory = try catalog().load(folder.path("plain"))
    let filed = try catalog(memory: 1 << 30).load(folder.path("plain"))
    let unpacked = try catalog(memory: 5).load(folder.path("packed"))
    #expect(memory.train.bytes.isInMemory && memory.train.memory == nil)
    #expect(!filed.train.bytes.isInMemory && !filed.test.bytes.isInMemory && filed.test.memory == 1 << 30)
    #expect(unpacked.train.bytes.isInMemory && unpacked.train.memory == 5)
    #expect(filed.sha256 == memory.sha256 && unpacked.sha256 == memory.sha256)
    #expect(filed.train.bytes == memory.train.bytes && filed.train.image(11) == memory.train.image(11))
    #expect(try filed.train.bytes.values(780..<790) == Array(pattern(12)[780..<790]))
    let inspections = try [nil, 1].map { try catalog(memory: $0).inspect(folder.path("plain")) }
    #expect(inspections[0] == inspections[1])
  }

  @Test("A file that changes while it is used is refused")
  func changed() throws {
    try folder.putDataset("plain")
    let set = try catalog(memory: 1).load(folder.path("plain")).train
    #expect(try set.bytes.values(0..<784).count == 784)
    let file = folder.file("plain/train-images-idx3-ubyte")
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: 3000)
    let error = #expect(throws: DatasetError.self) { try set.bytes.values(0..<784) }
    #expect(error?.path == file.path && error?.message.contains("changed") == true)
    #expect(throws: DatasetError.self) { try set.bytes.values(784 * 10..<784 * 11) }
  }

  @Test("Pictures of classes: the file gives the data set of the folder, names included", arguments: [1, 3])
  func pictures(_ channels: Int) throws {
    for number in 0..<24 {
      try putPicture(
        "a/\(number % 2 == 0 ? "cat" : "dog \"é\"")/\(number).png", number,
        channels: number == 7 ? channels : 1)
    }
    let expected = try catalog().load(folder.path("a"))
    let file = try pack("a", "b.idx")
    let packed = try catalog().load(file.path)
    #expect(packed.sha256 == expected.sha256 && packed.shape.channels == channels)
    #expect(packed.train == expected.train && packed.test == expected.test)
    #expect(packed.classNames == expected.classNames && packed.classCount == 2)
    #expect(packed.name == "b" && packed.source?.path == file.path)
    let filed = try catalog(memory: 1).load(file.path)
    #expect(!filed.test.bytes.isInMemory && filed.test.bytes == expected.test.bytes)
    #expect(filed.train.bytes == expected.train.bytes && filed.sha256 == expected.sha256)
    let (first, again) = try (Data(contentsOf: file), Data(contentsOf: pack("a", "again.idx")))
    #expect(first == again)
  }

  @Test("Without names the file's hash is the data set's; packing again changes nothing")
  func hash() throws {
    try folder.putDataset("plain", packed: true)
    for number in 0..<12 { try putPicture("bare/\(number).png", number) }
    for name in ["plain", "bare"] {
      let file = try pack(name, "\(name).idx")
      let expected = try catalog().load(folder.path(name))
      #expect(try Fingerprint.hex(ofFile: file) == expected.sha256)
      #expect(try catalog().load(file.path).train.labels == expected.train.labels)
      let again = try pack("\(name).idx", "\(name)2.idx")
      #expect(try Fingerprint.hex(ofFile: again) == expected.sha256)
    }
  }

  @Test("A damaged picture leaves the file that was there; progress reaches the end")
  func damaged() throws {
    for number in 0..<6 { try putPicture("a/\(number).png", number) }
    var heard: [Int] = []
    try catalog().pack(folder.path("a"), to: folder.file("a.idx")) { done, all in
      heard.append(done * 100 + all)
    }
    #expect(heard.last == 606)
    let before = try Data(contentsOf: folder.file("a.idx"))
    let whole = try Data(contentsOf: folder.file("a/3.png"))
    try folder.put("a/3.png", whole.dropLast(20))
    #expect(throws: (any Error).self) { try pack("a", "a.idx") }
    #expect(try Data(contentsOf: folder.file("a.idx")) == before)
    #expect(try Files.names(in: folder.url).sorted() == ["a", "a.idx"])
  }

  @Test("Files that are cut off or continue are refused with one line", arguments: [-4000, -3, -1, 3])
  func wrong(_ change: Int) throws {
    for number in 0..<12 { try putPicture("a/c\(number % 3)/\(number).png", number) }
    let file = try pack("a", "a.idx")
    let data = try Data(contentsOf: file)
    // The names are a line of their own at the end.
    let names = data.count - (data.lastIndex(of: UInt8(ascii: "{"))! - data.startIndex)
    let other =
      change < 0
      ? data.dropLast(change == -1 ? names + 1 : min(-change, data.count - 20)) : data + Data(count: change)
    try folder.put("other.idx", other)
    for memory in [nil, 1] {
      let error = #expect(throws: DatasetError.self) {
        try catalog(memory: memory).load(folder.path("other.idx"))
      }
      #expect(error?.path == folder.path("other.idx") && error?.description.contains("\n") == false)
    }
  }

  @Test("Another file is no data set")
  func noPackedFile() throws {
    try folder.put("x.idx", labelFile(3))
    let error = #expect(throws: DatasetError.self) { try catalog().load(folder.path("x.idx")) }
    #expect(error?.message.contains("data pack") == true)
  }
}
