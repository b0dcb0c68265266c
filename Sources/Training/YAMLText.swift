internal import CYaml
import Yams

/// YAML of settings, read with limits: reasonable files stay far below them, and larger ones would cost a parser
/// seconds or all memory.
package enum YAMLText {
  /// Maximum size of a file in bytes.
  package static let mostBytes = 1 << 20
  /// Maximum number of scalars, lists and mappings.
  static let mostValues = 20_000
  /// Maximum nesting of lists and mappings.
  static let mostDepth = 16

  /// The text as nodes; nil if it is empty.
  ///
  /// - Throws: `YAMLLimit` before any node is made; Yams' own error.
  package static func compose(_ text: String) throws -> Node? {
    try check(text)
    return try Yams.compose(yaml: text)
  }

  /// Scans the events of the text, without building nodes. Syntax errors are left to the parser.
  private static func check(_ text: String) throws {
    let bytes = Array(text.utf8)
    guard bytes.count <= mostBytes else {
      throw YAMLLimit("\(bytes.count) bytes, expected at most \(mostBytes)")
    }
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { throw YAMLLimit("there is no memory to read it") }
    defer { yaml_parser_delete(&parser) }
    var size = Size()
    try bytes.withUnsafeBufferPointer { bytes in
      yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
      while true {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else { return }
        defer { yaml_event_delete(&event) }
        if event.type == YAML_STREAM_END_EVENT { return }
        try size.add(event)
      }
    }
  }

  /// Counts the values of a text with all aliases expanded.
  private struct Size {
    private var values = 0
    /// Open lists and mappings: the anchor, and the number of values before them.
    private var open: [(anchor: String?, before: Int)] = []
    /// Number of values of each anchor.
    private var anchors: [String: Int] = [:]

    mutating func add(_ event: yaml_event_t) throws {
      switch event.type {
      case YAML_SCALAR_EVENT: close(name(event.data.scalar.anchor), from: values)
      // Nine levels of nine aliases fit into a hundred bytes and expand to a billion values.
      case YAML_ALIAS_EVENT: values += name(event.data.alias.anchor).flatMap { anchors[$0] } ?? 1
      case YAML_SEQUENCE_START_EVENT: open.append((name(event.data.sequence_start.anchor), values))
      case YAML_MAPPING_START_EVENT: open.append((name(event.data.mapping_start.anchor), values))
      case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
        if let last = open.popLast() { close(last.anchor, from: last.before) }
      default: break
      }
      let line = event.start_mark.line + 1
      guard open.count <= mostDepth else {
        throw YAMLLimit("line \(line) is nested more than \(mostDepth) levels deep")
      }
      guard values <= mostValues else {
        throw YAMLLimit(
          "more than \(mostValues) values by line \(line), with aliases expanded")
      }
    }

    private mutating func close(_ anchor: String?, from before: Int) {
      values += 1
      if let anchor { anchors[anchor] = values - before }
    }

    private func name(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
      text.map { String(cString: $0) }
    }
  }
}

/// A YAML text beyond the limits for settings.
package struct YAMLLimit: Error, CustomStringConvertible {
  /// The message, in one line.
  package let description: String

  init(_ description: String) { self.description = description }
}
