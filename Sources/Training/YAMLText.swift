internal import CYaml
import Yams

/// YAML of settings, read with limits: sensible files stay far below them, and what lies above takes a parser seconds or
/// all memory.
package enum YAMLText {
  /// Bytes of a file.
  package static let mostBytes = 1 << 20
  /// Scalars, lists and mappings, their ends counted too.
  static let mostEvents = 50_000
  /// Lists and mappings in one another.
  static let mostDepth = 16

  /// The text as nodes; nil where it is empty.
  ///
  /// - Throws: `YAMLLimit` before any node is made; Yams' own error.
  package static func compose(_ text: String) throws -> Node? {
    try check(text)
    return try Yams.compose(yaml: text)
  }

  /// Goes through the events of the text, which takes no memory. What is no YAML is left to the parser to complain of.
  private static func check(_ text: String) throws {
    let bytes = Array(text.utf8)
    guard bytes.count <= mostBytes else {
      throw YAMLLimit("\(bytes.count) bytes, expected at most \(mostBytes)")
    }
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { throw YAMLLimit("there is no memory to read it") }
    defer { yaml_parser_delete(&parser) }
    try bytes.withUnsafeBufferPointer { bytes in
      yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
      var (events, depth) = (0, 0)
      while true {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else { return }
        defer { yaml_event_delete(&event) }
        let line = event.start_mark.line + 1
        switch event.type {
        case YAML_STREAM_END_EVENT: return
        // One that stands for nine others, nine times over, is a file of a hundred bytes and a thousand million values.
        case YAML_ALIAS_EVENT:
          throw YAMLLimit("line \(line) has an alias (*name), which settings do not take")
        case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT: depth += 1
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: depth -= 1
        default: break
        }
        events += 1
        guard depth <= mostDepth else {
          throw YAMLLimit("line \(line) lies more than \(mostDepth) lists or mappings deep")
        }
        guard events <= mostEvents else {
          throw YAMLLimit("more than \(mostEvents) keys and values by line \(line)")
        }
      }
    }
  }
}

/// A YAML text that is larger, or twisted in another way, than settings need.
package struct YAMLLimit: Error, CustomStringConvertible {
  /// One clear line.
  package let description: String

  init(_ description: String) { self.description = description }
}
