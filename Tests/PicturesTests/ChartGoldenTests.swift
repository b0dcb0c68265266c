import Foundation
import Pictures
import Storage
import Testing

/// Every kind of chart byte for byte, as SVG and as pixels: charts must have the same hash on every device.
///
/// `FACSIMILE_WRITE_GOLDENS=1 swift test -c release --filter ChartGoldenTests` writes the file anew. Pixels are hashed
/// rather than the PNG, which depends on zlib's compression.
@Suite struct ChartGoldenTests {
  static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Goldens/chart-hashes.json")
  static let isWriting = ProcessInfo.processInfo.environment["FACSIMILE_WRITE_GOLDENS"] == "1"

  static func hashes() -> [String: String] {
    var hashes: [String: String] = [:]
    for (name, drawing) in ChartExamples.all {
      // The mosaic's SVG holds PNGs.
      if name != "mosaic" { hashes["\(name), svg"] = Fingerprint.hex(of: Data(drawing.svg().utf8)) }
      for theme in [Theme.light, .dark] {
        let picture = drawing.picture(theme: theme, scale: 2)
        #expect(picture.width == 2 * drawing.width && picture.height == 2 * drawing.height)
        hashes["\(name), \(theme.name)"] = Fingerprint.hex(of: picture.pixels)
      }
    }
    return hashes
  }

  @Test("every chart has the bytes it had", .enabled(if: !isWriting))
  func golden() throws {
    let known = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: Self.file))
    let hashes = Self.hashes()
    #expect(hashes.keys.sorted() == known.keys.sorted())
    for (name, hash) in hashes { #expect(hash == known[name], "\(name): other bytes") }
    #expect(Set(hashes.values).count == hashes.count)
  }

  @Test("writing the file", .enabled(if: isWriting))
  func write() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try (try encoder.encode(Self.hashes()) + Data("\n".utf8)).write(to: Self.file)
  }
}
