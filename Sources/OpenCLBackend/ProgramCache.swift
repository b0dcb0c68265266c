import Foundation
import Storage

/// Compiled programs and passed probes in a folder, each under the SHA-256 of everything that decides it.
///
/// A file starts with a line that holds the SHA-256 of the rest, so that a truncated or damaged one is noticed;
/// it is written beside its place and then moved there, so that nobody reads half a file. The cache never
/// fails: what cannot be read is made anew, what cannot be written is not kept.
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

  /// The bytes kept under `name`; nil where there are none or they are damaged, and then they are removed.
  func load(_ name: String) -> [UInt8]? {
    let url = folder.appendingPathComponent(name)
    guard let data = try? readFile(url, upTo: 1 << 28) else { return nil }
    let bytes = [UInt8](data)
    guard let end = bytes.firstIndex(of: 10) else { return remove(url) }
    let rest = Array(bytes[(end + 1)...])
    let line = String(decoding: bytes[..<end], as: UTF8.self)
    return line == Self.magic + Fingerprint.hex(of: rest) ? rest : remove(url)
  }

  /// Keeps `bytes` under `name`.
  func store(_ bytes: [UInt8], as name: String) {
    try? makeFolder(folder)
    let line = Self.magic + Fingerprint.hex(of: bytes) + "\n"
    try? AtomicFile.write(Data(Array(line.utf8) + bytes), to: folder.appendingPathComponent(name))
  }

  /// Forgets what is kept under `name`.
  func remove(_ name: String) { _ = remove(folder.appendingPathComponent(name)) }

  private func remove(_ url: URL) -> [UInt8]? {
    try? removeAll(url)
    return nil
  }
}
