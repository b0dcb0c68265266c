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

  @Test("Colour comes back as colour, its values side by side")
  func colour() throws {
    let values = (0..<3 * 5 * 4).map { UInt8($0 * 4) }
    let picture = Picture(channels: 3, width: 5, height: 4, pixels: values)
    let data = try picture.pngData()
    // Colour type 2: RGB.
    #expect(data[24] == 8 && data[25] == 2)
    #expect(try Picture(pngData: data) == picture)
    #expect(picture[1, 2, 2] == values[(2 * 5 + 1) * 3 + 2])
    #expect(Array(picture.planar.prefix(3)) == [0, 12, 24] && picture.planar[20] == 4)
    #expect(Picture(planar: picture.planar, channels: 3, height: 4, width: 5) == picture)
    let gray = Picture(width: 2, height: 1, pixels: [7, 9])
    #expect(gray.planar == [7, 9] && gray.inColour.pixels == [7, 7, 7, 9, 9, 9])
    #expect(picture.inColour == picture)
  }

  @Test("Sixteen bits are rounded to eight")
  func sixteenBits() throws {
    let values: [UInt16] = [0, 128, 129, 257, 0x7FFF, 0x8080, 0xFFFE, 0xFFFF]
    let bytes = values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    let gray = try Picture(
      pngData: RawPNG(width: 8, height: 1, depth: 16, colourType: 0, pixels: bytes).data)
    #expect(gray.channels == 1)
    #expect(gray.pixels == values.map { UInt8((Double($0) / 257).rounded()) })
    let colour = try Picture(
      pngData: RawPNG(width: 1, height: 1, depth: 16, colourType: 2, pixels: Array(bytes.suffix(6))).data)
    #expect(colour == Picture(channels: 3, width: 1, height: 1, pixels: [128, 255, 255]))
  }

  @Test("A palette is colour, fewer bits are spread")
  func palettesAndBits() throws {
    let palette: [UInt8] = [1, 2, 3, 40, 50, 60, 255, 0, 9]
    let picture = try Picture(
      pngData: RawPNG(
        width: 4, height: 1, depth: 2, colourType: 3, chunks: [("PLTE", palette)], pixels: [0b10_01_00_01]
      ).data)
    #expect(picture.channels == 3)
    #expect(picture.pixels == [255, 0, 9, 40, 50, 60, 1, 2, 3, 40, 50, 60])
    let bits = try Picture(
      pngData: RawPNG(width: 4, height: 1, depth: 2, colourType: 0, pixels: [0b00_01_10_11]).data)
    #expect(bits == Picture(width: 4, height: 1, pixels: [0, 85, 170, 255]))
  }

  @Test("What is transparent lies on black")
  func transparency() throws {
    let gray = RawPNG(width: 2, height: 1, colourType: 4, pixels: [200, 255, 200, 0])
    #expect(try Picture(pngData: gray.data) == Picture(width: 2, height: 1, pixels: [200, 0]))
    let colour = RawPNG(width: 2, height: 1, colourType: 6, pixels: [9, 8, 7, 255, 9, 8, 7, 0])
    let read = try Picture(pngData: colour.data)
    #expect(read == Picture(channels: 3, width: 2, height: 1, pixels: [9, 8, 7, 0, 0, 0]))
  }

  @Test("Interlaced pictures are as others")
  func interlaced() throws {
    for (colourType, channels): (UInt8, Int) in [(0, 1), (2, 3)] {
      let pixels = (0..<channels * 11 * 9).map { UInt8(truncatingIfNeeded: $0 * 37) }
      let file = RawPNG(width: 11, height: 9, colourType: colourType, pixels: pixels, isInterlaced: true)
      let expected = Picture(channels: channels, width: 11, height: 9, pixels: pixels)
      #expect(try Picture(pngData: file.data) == expected)
    }
  }

  @Test("The header of a file says what reading it gives")
  func headers() throws {
    let folder = try TemporaryFolder()
    for (colourType, channels): (UInt8, Int) in [(0, 1), (2, 3), (4, 2), (6, 4)] {
      let pixels = [UInt8](repeating: 255, count: channels * 10 * 9)
      let png = RawPNG(width: 10, height: 9, colourType: colourType, pixels: pixels)
      let file = try folder.put("a.png", png.data)
      let (header, picture) = (try PNGHeader(contentsOf: file), try Picture(contentsOf: file))
      #expect(header.width == 10 && header.height == 9 && header.channels == picture.channels)
    }
    for bad in [
      Data(), Data("text, and more than thirty-three bytes".utf8), try Self.image.pngData().prefix(20),
    ] {
      let file = try folder.put("bad.png", bad)
      let error = #expect(throws: PNGError.self) { try PNGHeader(contentsOf: file) }
      #expect(error?.path == file.path)
    }
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
    let grid = ImageGrid(margin: 1, scale: 2, background: 9)
    func tile(_ pixels: [UInt8]) -> Picture { Picture(width: 2, height: 1, pixels: pixels) }
    let image = grid.picture(rows: [[tile([1, 2]), tile([3, 4])], [tile([5, 6])]])
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

  @Test("Gray tiles lie in a picture in colour beside others")
  func colourGrid() {
    let gray = Picture(width: 1, height: 2, pixels: [1, 2])
    let colour = Picture(channels: 3, width: 1, height: 2, pixels: [3, 4, 5, 6, 7, 8])
    let image = ImageGrid(margin: 0, scale: 1, background: 0).picture([gray], over: [colour], columns: 1)
    #expect(
      image
        == Picture(
          channels: 3, width: 1, height: 4, pixels: [1, 1, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8]))
  }

  @Test("Originals stand over their reconstructions")
  func pairs() {
    func tiles(_ shades: [UInt8]) -> [Picture] { shades.map { Picture(width: 1, height: 1, pixels: [$0]) } }
    let grid = ImageGrid(margin: 0, scale: 1, background: 0)
    let image = grid.picture(tiles([1, 2, 3]), over: tiles([11, 12, 13]), columns: 2)
    #expect(image == Picture(width: 2, height: 4, pixels: [1, 2, 11, 12, 3, 0, 13, 0]))
  }

  @Test("Small tiles are enlarged until they can be seen")
  func scales() {
    for (side, width) in [(8, 6 * 12), (28, 2 * 32), (47, 2 * 51), (48, 52), (128, 132)] {
      let tile = Picture(width: side, height: 8, shade: 5)
      #expect(ImageGrid().picture(rows: [[tile]]).width == width)
    }
  }
}
