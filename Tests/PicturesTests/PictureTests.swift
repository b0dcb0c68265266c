import Foundation
import Pictures
import Storage
import TestSupport
import Testing

@Suite("Images")
struct ImageTests {
  static let image = Picture(width: 16, height: 17, pixels: (0..<272).map { UInt8($0 & 255) })

  @Test("A PNG read back has the same pixels")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("a.png")
    try Self.image.write(to: file)
    let bytes = try Data(contentsOf: file)
    #expect(bytes.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    // Colour type 0 and 8 bits: gray.
    #expect(bytes[24] == 8 && bytes[25] == 0)
    #expect(try Picture(contentsOf: file) == Self.image)
    #expect(try Picture(pngData: Self.image.pngData()) == Self.image)
    #expect(try folder.names() == ["a.png"])
  }

  @Test("Colour becomes gray, transparency black")
  func otherKinds() throws {
    let colour =
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAIAAACUgoPjAAAAEklEQVR4nGP4"
      + "//8/AwODr68vABnAA+WG3wF3AAAAAElFTkSuQmCC"
    let read = try Picture(pngData: #require(Data(base64Encoded: colour)))
    #expect(read == Picture(width: 3, height: 1, pixels: [255, 0, 77]))
    let alpha =
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAQAAABeK7cBAAAADUlEQVR4nGM4"
      + "8f8EAwAHsgKQNe54+AAAAABJRU5ErkJggg=="
    let laid = try Picture(pngData: #require(Data(base64Encoded: alpha)))
    #expect(laid == Picture(width: 2, height: 1, pixels: [200, 0]))
  }

  @Test("Damaged, foreign and enormous files are refused by name")
  func refused() throws {
    let folder = try TemporaryFolder()
    let sound = try Self.image.pngData()
    var flipped = sound
    flipped[60] ^= 0x10
    let huge = "iVBORw0KGgoAAAANSUhEUgANu6AADbugCAAAAAD11s5TAAAACUlEQVR4nGMAAAABAAFe/335AAAAAElFTkSuQmCC"
    let faults: [(String, Data)] = [
      ("empty", Data()), ("text", Data("P5 2 2 255 abcd".utf8)), ("cut", sound.prefix(sound.count / 2)),
      ("flipped", flipped), ("huge", try #require(Data(base64Encoded: huge))),
    ]
    for (name, data) in faults {
      try data.write(to: folder.file(name))
      let error = #expect(throws: PNGError.self, "\(name)") { try Picture(contentsOf: folder.file(name)) }
      #expect(error?.path == folder.file(name).path)
    }
    #expect(throws: FileError.self) { try Picture(contentsOf: folder.file("none")) }
    #expect(throws: PNGError.self) { try Picture(width: 1_000_001, height: 1, shade: 0).pngData() }
  }

  @Test("Shades round to nearest and are clamped")
  func shades() {
    let values: [Float] = [0, 1, -1, 2, .nan, .infinity, -.infinity, 0.5, 1 / 255, 0.49 / 255, 254.5 / 255]
    #expect(values.map(Picture.shade) == [0, 255, 0, 255, 0, 255, 0, 128, 1, 0, 255])
    for byte in UInt8.min ... .max { #expect(Picture.shade(Float(byte) / 255) == byte) }
  }

  @Test("A grid has its tiles, margins and scale in place")
  func grid() {
    let grid = ImageGrid(tileWidth: 2, tileHeight: 1, margin: 1, scale: 2, background: 9)
    let image = grid.image(rows: [[[1, 2], [3, 4]], [[5, 6]]])
    #expect(image.width == 14 && image.height == 10)
    let unscaled: [[UInt8]] = [
      [9, 9, 9, 9, 9, 9, 9],
      [9, 1, 2, 9, 3, 4, 9],
      [9, 9, 9, 9, 9, 9, 9],
      [9, 5, 6, 9, 9, 9, 9],
      [9, 9, 9, 9, 9, 9, 9],
    ]
    for y in 0..<10 {
      for x in 0..<14 { #expect(image[x, y] == unscaled[y / 2][x / 2], "(\(x), \(y))") }
    }
  }

  @Test("Originals stand over their reconstructions")
  func pairs() {
    let grid = ImageGrid(tileWidth: 1, tileHeight: 1, margin: 0, scale: 1, background: 0)
    let image = grid.image(originals: [[1], [2], [3]], over: [[11], [12], [13]], columns: 2)
    #expect(image == Picture(width: 2, height: 4, pixels: [1, 2, 11, 12, 3, 0, 13, 0]))
    #expect(ImageGrid().image(rows: [[[UInt8](repeating: 5, count: 784)]]).width == 64)
  }
}
