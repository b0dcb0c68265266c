import Analysis
import Datasets
import Foundation
import Interchange
import Pictures
import Storage
import TestSupport
import Testing

/// Codes with their images, for the embedding projector and as a table.
@Suite("Points")
struct PointTests {
  private let place: TemporaryFolder

  init() throws { place = try TemporaryFolder() }

  private func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: place.file(name)), as: UTF8.self)
  }

  @Test("The projector's files hold codes to the last bit, labels, and every image in its place")
  func projector() throws {
    let images = try Blobs.images(7, shape: ImageShape(channels: 3, height: 8, width: 10))
    let values = (0..<14).map { Float($0) / 3 - 1 }
    let points = Points(
      images, classNames: ["a\tb", "c"], indices: Array(20..<27),
      columns: [("kept", (0..<7).map { $0 % 2 == 0 ? "yes" : "no" })])
    try ProjectorFiles(codes: Matrix(rows: 7, columns: 2, values: values), points, name: "a \"model\"")
      .write(to: place.file("projector"))
    #expect(try place.names() == ["projector"])

    let codes = try text("projector/tensors.tsv").split(separator: "\n").flatMap { line in
      line.split(separator: "\t").compactMap { Float($0) }
    }
    #expect(codes == values)
    let rows = try text("projector/metadata.tsv").split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(rows.count == 8 && rows[0] == ["index", "label", "kept"] && rows.allSatisfy { $0.count == 3 })
    // Of the labels 0, 7, 4, 1, … two have names; a tab would end the cell.
    #expect(
      rows[1] == ["20", "a b", "yes"] && rows[2] == ["21", "7", "no"] && rows[4] == ["23", "c", "no"])

    let sprite = try Picture(contentsOf: place.file("projector/sprite.png"))
    #expect(sprite.width == 30 && sprite.height == 24 && sprite.channels == 3)
    for (number, y, x, channel) in [(0, 0, 0, 0), (4, 3, 5, 1), (6, 7, 9, 2)] {
      let value = images.image(number)[(channel * 8 + y) * 10 + x]
      #expect(sprite[number % 3 * 10 + x, number / 3 * 8 + y, channel] == value)
    }
    struct Settings: Decodable {
      struct Embedding: Decodable {
        struct Sprite: Decodable { let imagePath: String, singleImageDim: [Int] }
        let tensorName: String, tensorShape: [Int], tensorPath: String, metadataPath: String, sprite: Sprite
      }
      let embeddings: [Embedding]
    }
    let settings = try JSONDecoder().decode(
      Settings.self, from: Data(contentsOf: place.file("projector/projector_config.json"))
    ).embeddings[0]
    #expect(settings.tensorName == "a \"model\"" && settings.tensorShape == [7, 2])
    #expect(settings.sprite.singleImageDim == [10, 8] && settings.sprite.imagePath == "sprite.png")
    #expect(try text("projector/projector_config.pbtxt").contains(#"tensor_name: "a \"model\"""#))
  }

  @Test("One column of texts has no header, which would be a point's text")
  func unlabelled() throws {
    let images = try Blobs.images(2, labelled: false)
    try ProjectorFiles(codes: Matrix(rows: 2, columns: 1), Points(images)).write(to: place.url)
    #expect(try text("metadata.tsv") == "0\n1\n")
  }

  @Test("A sprite that would be too large has smaller images: means over whole squares")
  func smallSprite() throws {
    let shape = ImageShape(channels: 1, height: 9, width: 8)
    let images = try ImageSet(pixels: (0..<5 * 72).map { UInt8($0 * 7 % 256) }, shape: shape)
    // 3 × 9 pixels a side do not fit into 14, 3 × 5 neither, 3 × 3 do.
    let sprite = Sprite(images, largestSide: 14)
    #expect(sprite.tile == (3, 3) && sprite.picture.width == 9 && sprite.picture.height == 6)
    let sum = (0..<3).flatMap { y in (6..<8).map { x in Int(images.image(1)[y * 8 + x]) } }.reduce(0, +)
    #expect(Int(sprite.picture[3 + 2, 0]) == (sum + 3) / 6, "the last column is of two pixels")
    #expect(Sprite(images).tile == (8, 9))
  }

  @Test("A table's bytes: plain values between footers that Thrift's compact protocol writes")
  func table() {
    let columns: [ParquetFile.Column] = [
      .init("n", .integers([-1, 300])), .init("x", .numbers([0.5, -2])), .init("t", .texts(["a", "äö"])),
      .init("g", group: [("b", .bytes([Data([1, 2]), Data()])), ("p", .texts(["", "q"]))]),
    ]
    let data = ParquetFile.contents(columns, by: "test")
    #expect(data.prefix(4) == Data("PAR1".utf8) && data.suffix(4) == Data("PAR1".utf8))
    // A page of 16 bytes, plain, of two values: −1 and 300.
    let page: [UInt8] = [0x15, 0, 0x15, 32, 0x15, 32, 0x2C, 0x15, 4, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0]
    #expect(Array(data[4..<21]) == page)
    #expect(Array(data[21..<37]) == [UInt8](repeating: 0xFF, count: 8) + [0x2C, 1, 0, 0, 0, 0, 0, 0])
    let length = data.suffix(8).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(length < data.count - 12)
    #expect(Fingerprint.hex(of: data) == "9d2cee46baa5a022e31a75fa7bb32d9844c79f14577d33ee714e7a8c8a2f9c18")
    // More than one page.
    let long = ParquetFile.contents([.init("x", .numbers((0..<300_000).map(Double.init)))], by: "test")
    #expect(long.count > 2_400_000 + 3 * 10)
    #expect(Fingerprint.hex(of: long) == "4b8a58051a019d6d84a012f654f1cb4c0e5434c52a5b07e1e920e21e87ca08f8")
  }

  @Test("A table of points names its columns")
  func pointTable() throws {
    let points = Points(try Blobs.images(3), columns: [("kept", ["yes", "no", "yes"])])
    let table = try PointTable(places: Matrix(rows: 3, columns: 2), points)
    try table.write(to: place.file("points.parquet"))
    let data = try Data(contentsOf: place.file("points.parquet"))
    #expect(data == table.data())
    for name in ["index", "x", "y", "label", "kept", "image", "bytes", "path", "0.png", "Facsimile "] {
      #expect(data.range(of: Data(name.utf8)) != nil, "\(name)")
    }
  }
}
