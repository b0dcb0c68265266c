import Foundation
import Storage

/// A tar archive, plain or compressed with gzip, from which a few files are extracted.
struct TarArchive {
  private let source: any ByteSource
  private static let block = 512
  /// The largest file to extract: each is held in memory.
  private static let mostBytes = 1 << 28

  /// Opens an archive.
  init(_ url: URL) throws { source = try openByteSource(url) }

  /// Writes the files with these names, whatever their path in the archive, into `folder`; everything else is skipped.
  ///
  /// - Throws: `DatasetError` if the archive is damaged or lacks one of the files; `FileError`, `NotAFile`.
  func extract(_ names: [String], into folder: URL, _ report: (String) -> Void) throws {
    var missing = names
    while let entry = try next() {
      let name = entry.path.split(separator: "/").last.map(String.init) ?? ""
      guard entry.isFile, let place = missing.firstIndex(of: name) else {
        try skip(entry.size + padding(entry.size))
        continue
      }
      guard entry.size <= Self.mostBytes else { throw damaged("\(name) has \(entry.size) bytes") }
      let bytes = try source.next(entry.size)
      guard bytes.count == entry.size else { throw damaged("it ends inside \(name)") }
      try skip(padding(entry.size))
      try AtomicFile.write(Data(bytes), to: folder.appendingPathComponent(name))
      missing.remove(at: place)
      report(name)
    }
    guard missing.isEmpty else { throw damaged("it lacks \(missing.joined(separator: ", "))") }
  }

  private func padding(_ size: Int) -> Int { (Self.block - size % Self.block) % Self.block }

  private func skip(_ size: Int) throws {
    var rest = size
    while rest > 0 {
      let count = try source.next(min(rest, 1 << 20)).count
      guard count > 0 else { throw damaged("it ends too early") }
      rest -= count
    }
  }

  /// The next header; nil at the end.
  private func next() throws -> (path: String, size: Int, isFile: Bool)? {
    let header = try source.next(Self.block)
    if header.isEmpty || header.allSatisfy({ $0 == 0 }) { return nil }
    guard header.count == Self.block else { throw damaged("it ends too early") }
    guard let size = octal(header[124..<136]), let sum = octal(header[148..<156]),
      // The sum of a header counts its own eight bytes as spaces.
      header[..<148].reduce(0, { $0 + Int($1) }) + 8 * 32 + header[156...].reduce(0, { $0 + Int($1) }) == sum
    else { throw damaged("a header is not one of tar") }
    let path = String(decoding: header[..<100].prefix { $0 != 0 }, as: UTF8.self)
    return (path, size, header[156] == UInt8(ascii: "0") || header[156] == 0)
  }

  private func octal(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
    return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
  }

  private func damaged(_ what: String) -> DatasetError {
    DatasetError(.truncated, path: source.path, "the archive is damaged: \(what)")
  }
}
