import Foundation

/// Represents Linux paths, which are bytes without an encoding, as strings.
///
/// Strings are UTF-8, paths need not be: `caf\xE9` is a valid name in Latin-1. A byte that is not part of UTF-8 becomes
/// a scalar of the private use planes, U+10F780 for 0x80 to U+10F7FF for 0xFF, and a byte again in every system call.
/// So every system call with a path must go through ``Swift/String/withSystemPath(_:)``.
package enum SystemPath {
  private static let base: UInt32 = 0x10_F700

  /// The text of a path's bytes.
  package static func text(_ bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    var rest = bytes[...]
    while let first = rest.first {
      // The longest character that begins here.
      let scalar = (1...4).lazy.compactMap { length in
        rest.count < length ? nil : String(validating: rest.prefix(length), as: UTF8.self)
      }.first
      text += scalar ?? String(Character(Unicode.Scalar(base + UInt32(first))!))
      rest = rest.dropFirst(scalar?.utf8.count ?? 1)
    }
    return text
  }

  /// The bytes that ``text(_:)`` was made from, or the UTF-8 of any other text.
  package static func bytes(_ text: String) -> [UInt8] {
    guard hasBytes(text) else { return Array(text.utf8) }
    return text.unicodeScalars.flatMap { scalar in byte(scalar).map { [$0] } ?? Array(String(scalar).utf8) }
  }

  /// Whether `text` represents bytes that are not UTF-8.
  package static func hasBytes(_ text: String) -> Bool { text.unicodeScalars.contains { byte($0) != nil } }

  private static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
    (base + 0x80...base + 0xFF).contains(scalar.value) ? UInt8(scalar.value - base) : nil
  }

  /// The arguments of this process, without the program's name.
  package static var arguments: [String] {
    (1..<max(Int(CommandLine.argc), 1)).compactMap { CommandLine.unsafeArgv[$0].map { text(cString: $0) } }
  }

  /// The name of this process.
  package static var program: String { CommandLine.unsafeArgv[0].map { text(cString: $0) } ?? "facsimile" }

  /// Environment variables that are set.
  package static func environment(_ names: String...) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: names.compactMap { name in getenv(name).map { (name, text(cString: $0)) } })
  }

  /// The working directory.
  package static var currentFolder: String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return text(cString: path)
  }

  /// The text of a path that the system gave.
  package static func text(cString: UnsafePointer<CChar>) -> String {
    text(UnsafeBufferPointer(start: cString, count: strlen(cString)).lazy.map(UInt8.init(bitPattern:)))
  }
}

extension String {
  /// Calls `body` with the path as bytes.
  package func withSystemPath<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
    guard SystemPath.hasBytes(self) else { return try withCString(body) }
    let bytes = SystemPath.bytes(self).map { CChar(bitPattern: $0) } + [0]
    return try bytes.withUnsafeBufferPointer { try body($0.baseAddress!) }
  }
}

extension URL {
  /// The file or folder at `path`, relative to the working directory, whatever bytes its name has.
  package init(systemPath path: String, isDirectory: Bool = false) {
    // Foundation would look up the directory itself, and lose bytes that are not UTF-8.
    var path = path[...]
    while path.hasPrefix("./") { path = path.dropFirst(2).drop { $0 == "/" } }
    let whole = path.hasPrefix("/") ? String(path) : SystemPath.currentFolder + "/" + path
    self = URL(fileURLWithPath: whole, isDirectory: isDirectory)
  }
}
