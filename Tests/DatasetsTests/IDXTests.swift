import Datasets
import Foundation
import Storage
import TestSupport
import Testing

@Suite("IDX files")
struct IDXTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func images(_ data: Data) throws -> IDX.Contents {
    try IDX.images(contentsOf: folder.put("images", data))
  }

  private func kind(_ data: Data, labels: Bool = false) throws -> DatasetError.Kind? {
    let url = try folder.put("bad", data)
    let error = #expect(throws: DatasetError.self) {
      try labels ? IDX.labels(contentsOf: url) : IDX.images(contentsOf: url)
    }
    #expect(error?.path == url.path)
    #expect(error.map { !"\($0)".contains("\n") } ?? true, "an error is one line")
    return error?.kind
  }

  @Test("Plain, packed and packed in several members are the same, whatever the name")
  func forms() throws {
    let plain = imageFile(300)
    let expected = try images(plain)
    #expect(expected.count == 300)
    #expect(try expected.bytes == pattern(300))
    #expect(expected.sha256 == Fingerprint.hex(of: plain))
    #expect(try images(gzip(plain)) == expected)
    // Cut inside the header, inside an image, and with an empty member at the end.
    let members = [plain[..<7], plain[7..<100_001], plain[100_001...], Data()]
    #expect(try images(members.map { gzip(Data($0)) }.reduce(Data(), +)) == expected)
    let misnamed = try folder.put("plain.gz", plain)
    #expect(try IDX.images(contentsOf: misnamed) == expected)
  }

  @Test("Labels are read, up to 255")
  func labels() throws {
    let url = try folder.put("labels", gzip(labelFile(23)))
    let contents = try IDX.labels(contentsOf: url)
    #expect(try contents.bytes == (0..<23).map { UInt8($0 % 10) } && contents.shape == nil)
    let many = try IDX.labels(contentsOf: folder.put("many", idx(0x801, [3], [1, 255, 2])))
    #expect(try many.bytes == [1, 255, 2])
  }

  @Test("Images of any size are read, with and without channels")
  func sizes() throws {
    for (channels, height, width) in [(1, 8, 128), (3, 32, 32), (3, 128, 9), (1, 28, 28)] {
      let shape = ImageShape(channels: channels, height: height, width: width)
      let bytes = (0..<3 * shape.count).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251) }
      let file = idx(0x804, [3, channels, height, width], bytes)
      let read = try images(gzip(file))
      #expect(try read.count == 3 && read.shape == shape && read.bytes == bytes)
      #expect(read.sha256 == Fingerprint.hex(of: file))
      guard channels == 1 else { continue }
      let plain = try images(idx(0x803, [3, height, width], bytes))
      #expect(try plain.shape == shape && plain.bytes == bytes)
    }
  }

  @Test("Files of the wrong kind are refused")
  func wrongKind() throws {
    #expect(try kind(labelFile(800)) == .wrongMagic)
    #expect(try kind(imageFile(1), labels: true) == .wrongMagic)
    #expect(try kind(idx(0x0308_0000, [1, 28, 28], pattern(1))) == .wrongMagic)
    #expect(try kind(Data("<!DOCTYPE html>".utf8)) == .wrongMagic)
    #expect(try kind(idx(0x803, [1, 28, 7], pattern(1))) == .wrongShape)
    #expect(try kind(idx(0x803, [1, 129, 28], pattern(5))) == .wrongShape)
    #expect(try kind(idx(0x804, [1, 2, 28, 28], pattern(2))) == .wrongShape)
    #expect(try kind(idx(0x804, [1, 28, 28, 3], pattern(3))) == .wrongShape)
    #expect(try kind(idx(0x803, [1, 784, 1], pattern(1))) == .wrongShape)
    #expect(try kind(idx(0x803, [0, 28, 28], [])) == .empty)
    #expect(try kind(idx(0x801, [0], []), labels: true) == .empty)
    #expect(throws: NotAFile.self) { try IDX.images(contentsOf: folder.url) }
    #expect(throws: FileError.self) { try IDX.images(contentsOf: folder.file("none")) }
  }

  @Test("Plain files too short or too long are refused")
  func plainLengths() throws {
    let whole = imageFile(2)
    for length in [0, 1, 3, 4, 15, 16, 17, whole.count - 1] {
      #expect(try kind(whole.prefix(length)) == .truncated, "\(length) bytes")
    }
    #expect(try kind(whole + Data([0])) == .trailingBytes)
    #expect(try kind(labelFile(9) + Data([0]), labels: true) == .trailingBytes)
  }

  @Test("Counts that no file can hold are refused before memory is taken")
  func absurd() throws {
    let header = idx(0x803, [0xFFFF_FFFF, 28, 28], [])
    #expect(try kind(header + Data(count: 1000)) == .truncated)
    #expect(try kind(gzip(header + Data(count: 1000))) == .truncated)
    #expect(try kind(idx(0x803, [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], [])) == .wrongShape)
    #expect(try kind(gzip(idx(0x803, [2, 28, 28], pattern(1)))) == .truncated)
  }

  @Test("The most compressible file there is is still read")
  func compressible() throws {
    let blank = idx(0x803, [3000, 28, 28], [UInt8](repeating: 0, count: 3000 * 784))
    #expect(try images(gzip(blank)).count == 3000)
  }

  @Test("A packed file cut off anywhere is refused")
  func packedTruncation() throws {
    let packed = gzip(labelFile(40))
    for length in 0..<packed.count {
      #expect(try kind(packed.prefix(length), labels: true) != nil, "\(length) bytes")
    }
    #expect(try kind(packed.prefix(packed.count - 1), labels: true) == .truncated)
    let large = gzip(imageFile(300))
    #expect(try kind(large.prefix(large.count / 2)) == .truncated)
  }

  @Test("Damaged checksums, lengths and contents of a packed file are refused")
  func packedDamage() throws {
    let packed = gzip(imageFile(3))
    for index in [packed.count - 8, packed.count - 4, packed.count / 2, 20] {
      var damaged = packed
      damaged[index] ^= 0x40
      #expect(try kind(damaged) != nil, "byte \(index)")
    }
    var checksum = packed
    checksum[packed.count - 8] ^= 1
    #expect(try kind(checksum) == .corruptGzip)
    var length = packed
    length[packed.count - 1] ^= 1
    #expect(try kind(length) == .corruptGzip)
  }

  @Test("Zeros that pad a packed file are passed over, as gzip does", arguments: [1, 512, 70_000, 200_000])
  func padding(_ count: Int) throws {
    let plain = imageFile(2)
    #expect(try images(gzip(plain) + Data(count: count)) == images(plain))
  }

  @Test("Anything else after the packed contents is refused")
  func packedTrailing() throws {
    let packed = gzip(imageFile(2))
    #expect(try kind(packed + Data("x".utf8)) == .trailingBytes)
    #expect(try kind(packed + Data([0, 0, 1])) == .trailingBytes)
    #expect(try kind(packed + Data(count: 100_000) + packed) == .trailingBytes)
    #expect(try kind(gzip(imageFile(2) + Data([0]))) == .trailingBytes)
    #expect(try kind(packed + gzip(Data([0]))) == .trailingBytes)
    #expect(try kind(packed + packed.prefix(1)) == .truncated)
    #expect(try kind(packed + Data([0x1F, 0x00])) == .corruptGzip)
  }

  @Test("Images and labels are checked when a set is made in memory")
  func imageSets() throws {
    func kind(_ pixels: [UInt8], _ labels: [UInt8]?) -> DatasetError.Kind? {
      #expect(throws: DatasetError.self) { try ImageSet(pixels: pixels, labels: labels) }?.kind
    }
    #expect(kind([], nil) == .empty)
    #expect(kind([UInt8](repeating: 0, count: 785), nil) == .wrongShape)
    #expect(kind(pattern(2), [1]) == .countMismatch)
    let odd = ImageShape(channels: 1, height: 7, width: 112)
    #expect(throws: DatasetError.self) { try ImageSet(pixels: pattern(1), shape: odd) }
    let set = try ImageSet(pixels: pattern(3))
    #expect(set.count == 3 && set.height == 28 && set.width == 28 && set.labels == nil)
    #expect(set.image(1) == Array(pattern(3)[784..<1568]))
  }
}
