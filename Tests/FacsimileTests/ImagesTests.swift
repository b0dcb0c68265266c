import Facsimile
import Foundation
import TestSupport
import Testing

@Suite("Images from arrays, data sets and folders")
struct ImagesTests {
  @Test("Numbers from 0 to 1 are kept as the nearest bytes")
  func floats() throws {
    let bytes = (0..<3 * 8 * 9).map { UInt8($0 * 7 % 256) }
    let shape = MapShape(3, 8, 9)
    let labels: [UInt8] = [4]
    let images = try Images(floats: bytes.map { Float($0) / 255 }, shape: shape, labels: labels)
    #expect(images.bytes == bytes && images.shape == shape && images.count == 1 && images.labels == labels)
    var between = [Float](repeating: 0, count: 64)
    between.replaceSubrange(0..<3, with: [0.5, 0.4999 / 255, 1])
    #expect(try Images(floats: between, shape: MapShape(1, 8, 8)).bytes.prefix(4) == [128, 0, 255, 0])
  }

  @Test("A number outside 0 … 1 or none is named", arguments: [-0.001, 1.001, .nan, .infinity] as [Float])
  func outside(_ value: Float) {
    var values = [Float](repeating: 0.5, count: 128)
    values[70] = value
    let error = #expect(throws: DatasetError.self) { try Images(floats: values, shape: MapShape(1, 8, 8)) }
    #expect(
      error?.description
        == "value 6 of image 1 is \(value): expected numbers from 0 to 1 (divide bytes by 255)")
  }

  @Test("Parts of images, shapes and labels that cannot be are refused")
  func refused() {
    let shape = MapShape(1, 8, 8)
    #expect(throws: DatasetError.self) { try Images(bytes: [], shape: shape) }
    #expect(throws: DatasetError.self) { try Images(bytes: [1, 2, 3], shape: shape) }
    #expect(throws: DatasetError.self) {
      try Images(bytes: [UInt8](repeating: 0, count: 128), shape: MapShape(2, 8, 8))
    }
    #expect(throws: DatasetError.self) { try Images(bytes: [], shape: MapShape(0, 0, 0)) }
    #expect(throws: DatasetError.self) { try Images(floats: [2], shape: MapShape(0, 0, 0)) }
    #expect(throws: DatasetError.self) {
      try Images(bytes: [UInt8](repeating: 0, count: 128), shape: shape, labels: [1])
    }
    #expect(throws: DatasetError.self) { try Images.load("no-such-data-set") }
  }

  @Test("A folder of pictures is read, with its classes")
  func folder() throws {
    let folder = try TemporaryFolder()
    for (part, count) in [("train", 3), ("test", 2)] {
      for name in ["cat", "dog"] {
        for number in 0..<count {
          let url = folder.file("\(part)/\(name)")
          try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
          try Picture(width: 9, height: 8, shade: UInt8(number)).write(
            to: url.appendingPathComponent("\(number).png"))
        }
      }
    }
    let (train, test) = try Images.load(folder.url.path)
    #expect(train.count == 6 && test.count == 4 && train.shape == MapShape(1, 8, 9))
    #expect(train.classNames == ["cat", "dog"] && train.labels == [0, 0, 0, 1, 1, 1])
    #expect(train.prefix(2).count == 2 && train.prefix(2).labels == [0, 0] && train.prefix(100).count == 6)
  }
}
