import Foundation
import Interchange
import Storage
import SwiftProtobuf
import TestSupport
import Testing
import Training

/// TensorBoard's event files.
@Suite("Events")
struct EventTests {
  private let place: TemporaryFolder

  init() throws { place = try TemporaryFolder() }

  @Test("CRC-32C of RFC 3720's and the catalogue's texts")
  func checksums() {
    #expect(MaskedCRC32C.plain([]) == 0)
    #expect(MaskedCRC32C.plain(Array("123456789".utf8)) == 0xE306_9283)
    #expect(MaskedCRC32C.plain([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(MaskedCRC32C.plain([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(MaskedCRC32C.plain(0..<32) == 0x46DD_794E)
    // Length 24, the beginning of TensorFlow's own event files.
    #expect(MaskedCRC32C.masked([24, 0, 0, 0, 0, 0, 0, 0]) == 0x224B_7FA3)
  }

  /// The events of a file, with every checksum checked.
  private func events(_ data: Data) throws -> [TBEvent] {
    var events: [TBEvent] = []
    var rest = data[...]
    func number(_ bytes: Data) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    while !rest.isEmpty {
      let length = rest.prefix(8)
      let count = Int(number(length))
      try #require(rest.count >= count + 16)
      #expect(number(rest.dropFirst(8).prefix(4)) == UInt64(MaskedCRC32C.masked(length)))
      let contents = rest.dropFirst(12).prefix(count)
      #expect(number(rest.dropFirst(12 + count).prefix(4)) == UInt64(MaskedCRC32C.masked(contents)))
      events.append(try TBEvent(serializedBytes: Data(contents)))
      rest = rest.dropFirst(16 + count)
    }
    return events
  }

  @Test("Figures and pictures are read back, a file version first")
  func contents() throws {
    let data = try EventFile.contents(Support.epochs(1...2), of: Support.run(in: place))
    let events = try events(data)
    #expect(events[0].fileVersion == "brain.Event:2" && events[0].step == 0)
    let values = events.dropFirst().map { ($0.step, $0.wallTime, $0.summary.value[0]) }
    #expect(values.allSatisfy { Double($0.0) == $0.1 })
    let tags = [
      "elbo/validation", "kl_divergence/train", "learning-rate", "loss/train", "loss/validation",
    ]
    #expect(values.map(\.2.tag) == tags + ["reconstructions"] + tags)
    #expect(values.map(\.0) == [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
    let numbers: [Float] = [-90.7, 3.25, 0.001, 1, 0.1, -90.7, 3.25, 0.001, 0.5, 0.1]
    #expect(values.filter { $0.2.tag != "reconstructions" }.map(\.2.simpleValue) == numbers)
    let image = values[5].2.image
    #expect(image.width == 3 && image.height == 2 && image.colorspace == 1)
    #expect(image.encodedImageString == Support.picture)
    #expect(Fingerprint.hex(of: data) == "7f70a6673c7f275352d22e8195ea63397b61b568864c1f5c3297127b22c14d0f")
  }

  @Test("A file that grows with the run ends as the one written at once; what was there before is forgotten")
  func log() throws {
    let folder = try Support.run(in: place)
    let epochs = try Support.epochs(1...3)
    try place.put("run/\(EventFile.name)", Data("stale".utf8))
    let log = try EventLog(folder, epochs: [epochs[0]])
    try log.append(epochs[1])
    try log.append(epochs[2])
    #expect(try Data(contentsOf: EventLog.file(of: folder)) == EventFile.contents(epochs, of: folder))
  }

  @Test("A folder that cannot be made is named")
  func unwritable() throws {
    let folder = try Support.run(in: place)
    try place.put("file", Data())
    #expect(throws: FileError.self) {
      try EventFile.write(Support.epochs(1...1), of: folder, to: place.file("file"))
    }
    try EventFile.write(Support.epochs(1...1), of: folder, to: place.file("new/logs"))
    #expect(FileManager.default.fileExists(atPath: place.path("new/logs/\(EventFile.name)")))
  }
}
