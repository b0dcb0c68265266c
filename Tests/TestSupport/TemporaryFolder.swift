import Foundation

/// A folder for one test, removed with the object.
package final class TemporaryFolder: Sendable {
  /// The folder; it exists and is empty at first.
  package let url: URL

  /// Creates the folder.
  package init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("facsimile-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// A file inside.
  package func file(_ name: String) -> URL { url.appendingPathComponent(name) }

  /// The path of a file inside.
  package func path(_ name: String) -> String { file(name).path }

  /// The names of all files inside, hidden ones too, sorted.
  package func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  }

  /// Writes a file, creating folders as needed.
  @discardableResult
  package func put(_ name: String, _ data: Data) throws -> URL {
    let url = file(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
    return url
  }
}

/// Gives `body` an empty folder that is removed afterwards.
package func inFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = try TemporaryFolder()
  return try withExtendedLifetime(folder) { try body(folder.url) }
}
