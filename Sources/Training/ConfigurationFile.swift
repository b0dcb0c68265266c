import Foundation
import Models
import Storage
import Yams

/// Configurations as YAML: one `key: value` per line, lists as `8,16,32` or as YAML lists.
package enum ConfigurationFile {
  /// The text of `configuration`, with a comment for each key.
  package static func text(_ configuration: Configuration) -> String {
    ConfigurationKey.keys(of: configuration.model).map { key in
      let line = "\(key.name): \(Self.scalar(key.get(configuration)))"
      let padding = String(repeating: " ", count: max(1, 36 - line.count))
      return "\(line)\(padding)# \(key.summary)\n"
    }.joined()
  }

  /// `value`, quoted unless YAML reads it back unchanged: layer names of a custom model may contain anything.
  private static func scalar(_ value: String) -> String {
    if let read = try? pairs("key: \(value) # comment"), read.map(\.value) == [value] { return value }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // Every JSON string is a quoted YAML scalar; encoding a string cannot fail.
    return String(decoding: try! encoder.encode(value), as: UTF8.self)
  }

  /// The pairs of a YAML text, in order.
  ///
  /// - Throws: `ConfigurationError` if the text is not a mapping of keys to single values or lists.
  package static func pairs(_ text: String) throws -> [(key: String, value: String)] {
    let node: Node?
    do {
      node = try YAMLText.compose(text)
    } catch let error as YAMLLimit {
      throw ConfigurationError("the configuration is not a list of settings: \(error)")
    } catch {
      let lines = "\(error)".split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }
      throw ConfigurationError("the configuration is not YAML: \(lines.joined(separator: " "))")
    }
    guard let mapping = node?.mapping else {
      throw ConfigurationError("the configuration is not a list of 'key: value'")
    }
    return try mapping.map { key, value in
      guard let name = key.scalar?.string else {
        throw ConfigurationError("the configuration has a key that is no text")
      }
      guard let text = value.settingText else {
        throw ConfigurationError("\(name): expected a value, or a list of values")
      }
      return (name, text)
    }
  }

  /// The pairs of a YAML file, or of a pipe; see ``pairs(_:)``.
  ///
  /// - Throws: also `TrainingError` if it cannot be read.
  package static func pairs(contentsOf url: URL) throws -> [(key: String, value: String)] {
    try pairs(url) { try readInput(url, upTo: YAMLText.mostBytes) }
  }

  /// The pairs of a run's `config.yaml`, which is a plain file.
  ///
  /// - Throws: as ``pairs(contentsOf:)``.
  static func pairs(ofRun url: URL) throws -> [(key: String, value: String)] {
    try pairs(url) { try readFile(url, upTo: YAMLText.mostBytes) }
  }

  private static func pairs(_ url: URL, _ read: () throws -> Data) throws -> [(key: String, value: String)] {
    let data: Data
    do {
      data = try read()
    } catch {
      throw TrainingError(.run, "\(error)")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw TrainingError(.run, "cannot read \(url.path): expected a file of 'key: value' in UTF-8")
    }
    do {
      return try pairs(text)
    } catch let error as ConfigurationError {
      throw ConfigurationError("\(url.path): \(error)")
    }
  }
}

extension Configuration {
  /// The configuration in a file's metadata: an object of strings by key, sorted.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(texts), as: UTF8.self)
  }

  /// The configuration in the metadata of weights.
  ///
  /// Nil if there is none, or for a custom model, whose layers are only in the user's program. Throws:
  /// `ConfigurationError` if it is damaged.
  package init?(metadata: [String: String]) throws {
    guard metadata["model"] != ModelKind.custom.rawValue, let text = metadata["configuration"] else {
      return nil
    }
    try self.init(json: text)
  }

  /// Keys that may be changed in a run without affecting completed epochs: `epochs` only if the learning rate does not
  /// depend on it.
  var changeable: Set<String> {
    ["patience", "keep-checkpoints", "epochs"]
  }

  /// The keys that affect the bits and differ from those of another run, with both values.
  package func differences(from other: Configuration) -> [(key: String, here: String, there: String)] {
    let there = other.texts
    return pairs.filter { !changeable.contains($0.key) && there[$0.key] != $0.value }.map {
      ($0.key, $0.value, there[$0.key] ?? "–")
    }
  }

  /// The first key whose value differs from ``json()`` at the start of the run, except for keys that may change.
  func difference(fromJSON text: String) throws -> (key: String, here: String, there: String?)? {
    let there = try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    return pairs.first { !changeable.contains($0.key) && there[$0.key] != $0.value }.map {
      ($0.key, $0.value, there[$0.key])
    }
  }

  /// Whether there is one; see ``difference(fromJSON:)``.
  func differs(fromJSON text: String) throws -> Bool { try difference(fromJSON: text) != nil }

  /// Reads ``json()``.
  package init(json: String, architecture: Architecture? = nil) throws {
    try self.init(
      texts: JSONDecoder().decode([String: String].self, from: Data(json.utf8)), architecture: architecture)
  }
}

extension Node {
  /// A single value, or a list such as `[8, 16, 32]` as `8,16,32`; nil for anything else.
  package var settingText: String? {
    guard let sequence else { return scalar?.string }
    let items = sequence.compactMap { $0.scalar?.string }
    return items.isEmpty || items.count < sequence.count ? nil : items.joined(separator: ",")
  }
}
