import Training
import Yams

/// The parsed file of a space, not yet checked against a model.
struct SpaceFile {
  /// Values of the top-level keys.
  private(set) var settings: [String: String] = [:]
  /// The fixed keys, in order.
  private(set) var fixed: [(key: String, value: String)] = []
  /// The varied keys, in order.
  private(set) var space: [(key: String, node: Node)] = []

  private static let alone: Set = ["model", "strategy", "trials", "epochs", "eta"]

  init(_ text: String) throws {
    let node: Node?
    do {
      node = try YAMLText.compose(text)
    } catch let error as YAMLLimit {
      throw SearchError(.space, "\(error)")
    } catch {
      let lines = "\(error)".split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }
      throw SearchError(.space, "the space is not YAML: \(lines.joined(separator: " "))")
    }
    guard let mapping = node?.mapping else {
      throw SearchError(.space, "the space is not a list of 'key: value': expected model, fixed and space")
    }
    for (key, node) in mapping {
      switch key.string {
      case "fixed": fixed = try Self.entries("fixed", node).map { ($0, try Self.text($0, $1)) }
      case "space": space = try Self.entries("space", node)
      case let name? where Self.alone.contains(name): settings[name] = try Self.text(name, node)
      default:
        let allowed = (Self.alone.union(["fixed", "space"])).sorted().joined(separator: ", ")
        throw SearchError(.space, "unknown key '\(key.string ?? "?")' in the space: expected \(allowed)")
      }
    }
    guard !space.isEmpty else {
      throw SearchError(.space, "the space is empty: name at least one key with its values under 'space'")
    }
  }

  private static func entries(_ name: String, _ node: Node) throws -> [(String, Node)] {
    // `fixed:` with nothing after it.
    if node.null != nil { return [] }
    guard let mapping = node.mapping else {
      throw SearchError(.space, "\(name) is not a list of 'key: value'")
    }
    return try mapping.map { key, value in
      guard let key = key.string else { throw SearchError(.space, "\(name) has a key that is no text") }
      return (key, value)
    }
  }

  /// The value of `key`: see ``Yams/Node/settingText``.
  static func text(_ key: String, _ node: Node) throws -> String {
    guard let text = node.settingText else {
      throw SearchError(.space, "\(key): expected a value, or a list of values")
    }
    return text
  }
}
