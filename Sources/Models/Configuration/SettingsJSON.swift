/// Settings as a JSON object: keys in snake case, numbers as numbers, widths as lists. Also reads strings, and keys
/// with hyphens, as earlier versions wrote them.
package struct SettingsJSON: Codable, Sendable, Equatable {
  /// The settings as text by key, as in a configuration.
  package let texts: [String: String]

  /// Settings from their texts.
  package init(_ texts: [String: String]) { self.texts = texts }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private enum Value: Codable {
    case whole(UInt64), number(Double), widths([Int]), text(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let text = try? value.decode(String.self) {
        self = .text(text)
      } else if let whole = try? value.decode(UInt64.self) {
        self = .whole(whole)
      } else if let number = try? value.decode(Double.self) {
        self = .number(number)
      } else {
        self = .widths(try value.decode([Int].self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var value = encoder.singleValueContainer()
      switch self {
      case .whole(let whole): try value.encode(whole)
      case .number(let number): try value.encode(number)
      case .widths(let widths): try value.encode(widths)
      case .text(let text): try value.encode(text)
      }
    }

    init(_ key: String, _ text: String) {
      if ConfigurationKey.listed.contains(key) {
        let widths = text.split(separator: ",").map { Int($0) }
        self = widths.contains(nil) ? .text(text) : .widths(widths.compactMap(\.self))
      } else if ConfigurationKey.wordy.contains(key) {
        self = .text(text)
      } else if let whole = UInt64(text) {
        self = .whole(whole)
      } else if let number = Double(text), number.isFinite {
        self = .number(number)
      } else {
        self = .text(text)
      }
    }

    var text: String {
      switch self {
      case .whole(let whole): "\(whole)"
      case .number(let number): "\(number)"
      case .widths(let widths): widths.map(String.init).joined(separator: ",")
      case .text(let text): text
      }
    }
  }

  /// Reads the object.
  package init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: Key.self)
    texts = Dictionary(
      try object.allKeys.map {
        ($0.stringValue.replacing("_", with: "-"), try object.decode(Value.self, forKey: $0).text)
      }, uniquingKeysWith: { $1 })
  }

  /// Writes the object.
  package func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    for (key, text) in texts {
      try object.encode(Value(key, text), forKey: Key(stringValue: key.replacing("-", with: "_")))
    }
  }
}

extension ConfigurationKey {
  /// Keys whose values are lists of widths.
  fileprivate static let listed: Set = ["filters", "hidden"]
  /// Keys whose values are strings, even if one looks like a number.
  fileprivate static let wordy: Set = ["model", "architecture", "image", "initial-weights", "trainable"]
}
