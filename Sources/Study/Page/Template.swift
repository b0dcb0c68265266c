import Foundation
import Pictures

/// The value of a name in a template.
package enum PageValue: Sendable {
  /// Text; escaped unless the template requests it raw.
  case text(String)
  /// A section of the template, repeated for each.
  case list([PageValues])
}

/// Values by name.
package typealias PageValues = [String: PageValue]

extension PageValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  package init(stringLiteral value: String) { self = .text(value) }
}

/// A template with names: `{{name}}` is replaced by escaped text, `{{{name}}}` by raw text; the section
/// between `{{#name}}` and `{{/name}}` is repeated for each element of a list (or once for text that is not empty), and
/// `{{>name}}` is another template. Names are looked up from the innermost list outwards.
///
/// A name without a value in `{{name}}`, a section without an end and an unknown template are programming errors
/// and trap; a section whose name has no value is omitted.
package struct Template: Sendable {
  private indirect enum Part: Sendable {
    case text(Substring)
    case value(String, isEscaped: Bool)
    case section(String, [Part])
    case template(String)
  }

  private let parts: [Part]

  /// Reads a template.
  package init(_ text: String) {
    var rest = text[...]
    parts = Self.parts(&rest, until: nil)
  }

  private static func parts(_ rest: inout Substring, until end: String?) -> [Part] {
    var parts: [Part] = []
    while let open = rest.range(of: "{{") {
      parts.append(.text(rest[..<open.lowerBound]))
      let isRaw = rest[open.upperBound...].hasPrefix("{")
      let closing = isRaw ? "}}}" : "}}"
      guard let close = rest[open.upperBound...].range(of: closing) else {
        preconditionFailure("template: '{{' without '\(closing)'")
      }
      var name = String(rest[open.upperBound..<close.lowerBound].dropFirst(isRaw ? 1 : 0))
      rest = rest[close.upperBound...]
      switch name.first {
      case _ where isRaw: parts.append(.value(name, isEscaped: false))
      case "#":
        name.removeFirst()
        parts.append(.section(name, Self.parts(&rest, until: name)))
      case ">": parts.append(.template(String(name.dropFirst())))
      case "/":
        precondition(name.dropFirst() == end ?? "", "template: '\(name)' ends '\(end ?? "nothing")'")
        return parts
      default: parts.append(.value(name, isEscaped: true))
      }
    }
    precondition(end == nil, "template: '\(end ?? "")' has no end")
    return parts + [.text(rest)]
  }

  /// The template with its names replaced.
  ///
  /// - Parameters:
  ///   - values: by name.
  ///   - templates: those that `{{>name}}` may refer to.
  package func text(_ values: PageValues, templates: [String: Template] = [:]) -> String {
    var output = ""
    write(&output, parts, [values], templates)
    return output
  }

  private func write(
    _ output: inout String, _ parts: [Part], _ scopes: [PageValues], _ templates: [String: Template]
  ) {
    func find(_ name: String) -> PageValue? { scopes.lazy.reversed().compactMap { $0[name] }.first }
    for part in parts {
      switch part {
      case .text(let text): output += text
      case .value(let name, let isEscaped):
        guard case .text(let text) = find(name) else {
          preconditionFailure("template: '\(name)' has no text")
        }
        output += isEscaped ? Markup.escaped(text) : text
      case .template(let name):
        guard let template = templates[name] else { preconditionFailure("template: no '\(name)'") }
        write(&output, template.parts, scopes, templates)
      case .section(let name, let inner):
        switch find(name) {
        case nil: break
        case .text(let text): if !text.isEmpty { write(&output, inner, scopes, templates) }
        case .list(let items): for item in items { write(&output, inner, scopes + [item], templates) }
        }
      }
    }
  }
}
