import Foundation
import Storage

/// Compiled programs and passed probes in a folder, each under the SHA-256 of everything that it depends on.
///
/// A file starts with a line that holds the SHA-256 of the rest, so that truncation or damage is detected; it is
/// written to a temporary file and renamed, so that nobody reads a partial file. The cache never fails: unreadable
/// entries are recreated, entries that cannot be written are skipped.
struct ProgramCache: Sendable {
  let folder: URL

  private static let magic = "facsimile-kernels-1 "

  /// The key of a program: device, vendor, driver, platform, options and sources.
  static func key(
    _ device: OpenCLDevice, options: String, sources: [(name: String, text: [UInt8])]
  ) -> String {
    var fingerprint = Fingerprint()
    func add(_ bytes: [UInt8]) {
      fingerprint.update(Array("\(bytes.count):".utf8))
      fingerprint.update(bytes)
    }
    let facts = [
      device.info.name, device.info.vendor, device.driverVersion, device.platformVersion, options,
    ]
    for fact in facts { add(Array(fact.utf8)) }
    for source in sources {
      add(Array(source.name.utf8))
      add(source.text)
    }
    return fingerprint.hex
  }

  /// The bytes cached under `name`; nil if there are none or they are damaged; damaged ones are removed.
  func load(_ name: String) -> [UInt8]? {
    let url = folder.appendingPathComponent(name)
    guard let data = try? readFile(url, upTo: 1 << 28) else { return nil }
    let bytes = [UInt8](data)
    guard let end = bytes.firstIndex(of: 10) else { return remove(url) }
    let rest = Array(bytes[(end + 1)...])
    let line = String(decoding: bytes[..<end], as: UTF8.self)
    return line == Self.magic + Fingerprint.hex(of: rest) ? rest : remove(url)
  }

  /// Caches `bytes` under `name`.
  func store(_ bytes: [UInt8], as name: String) {
    try? makeFolder(folder)
    let line = Self.magic + Fingerprint.hex(of: bytes) + "\n"
    try? AtomicFile.write(Data(Array(line.utf8) + bytes), to: folder.appendingPathComponent(name))
  }

  /// Removes the entry `name`.
  func remove(_ name: String) { _ = remove(folder.appendingPathComponent(name)) }

  private func remove(_ url: URL) -> [UInt8]? {
    try? removeAll(url)
    return nil
  }
}
