import Models
import Yams

extension Axis {
  /// Reads an axis from a file; every value is checked against the table of configuration keys.
  ///
  /// A list of values, `{min: …, max: …, log: true}`, or `{layers: [[…], […]]}`: the possible widths of every layer,
  /// the first layer varying slowest.
  init(_ key: String, _ node: Node, _ base: Configuration) throws {
    self.key = key
    // An unknown key is refused with the list of known ones, whatever its values.
    if !ConfigurationKey.keys(of: base.model).contains(where: { $0.name == key }) {
      _ = try base.canonical(key, "")
    }
    if let mapping = node.mapping {
      values =
        try mapping["layers"].map { .layers(try Self.layers(key, $0, mapping, base)) }
        ?? .range(ValueRange(key, mapping, base))
    } else {
      guard let items = node.sequence else {
        throw SearchError(
          .space,
          "\(key): expected a list of values such as [1, 2]; one value for all trials belongs under fixed")
      }
      values = .list(try Self.distinct(key, items.map { try SpaceFile.text(key, $0) }, base))
    }
  }

  private static func distinct(_ key: String, _ texts: [String], _ base: Configuration) throws -> [String] {
    guard !texts.isEmpty else { throw SearchError(.space, "\(key) has no values: expected at least one") }
    let values = try texts.map { try base.canonical(key, $0) }
    var seen: Set<String> = []
    if let twice = values.first(where: { !seen.insert($0).inserted }) {
      throw SearchError(.space, "\(key) has the value \(twice) twice: every value may be there once")
    }
    return values
  }

  private static func layers(
    _ key: String, _ node: Node, _ mapping: Node.Mapping, _ base: Configuration
  ) throws -> [[String]] {
    guard mapping.count == 1, let layers = node.sequence, !layers.isEmpty else {
      throw SearchError(
        .space, "\(key): expected {layers: [[8, 16], [16, 32]]}, a list of widths for every layer")
    }
    let texts = try layers.map { layer in
      guard let widths = layer.sequence, !widths.isEmpty else {
        throw SearchError(.space, "\(key): a layer has no widths, expected a list such as [8, 16]")
      }
      return try widths.map { try SpaceFile.text(key, $0) }
    }
    // Whether a width is allowed does not depend on the others, so no combination needs to be formed.
    let first = texts.map { $0[0] }
    return try texts.enumerated().map { layer, widths in
      let values = try widths.map { width in
        var combination = first
        combination[layer] = width
        let parts = try base.canonical(key, combination.joined(separator: ",")).split(separator: ",")
        guard parts.count == texts.count else {
          throw SearchError(.space, "\(key): '\(width)' is no width of one layer")
        }
        return String(parts[layer])
      }
      var seen: Set<String> = []
      if let twice = values.first(where: { !seen.insert($0).inserted }) {
        throw SearchError(
          .space, "\(key) has the width \(twice) twice in layer \(layer + 1): every width may be there once")
      }
      return values
    }
  }
}

extension ValueRange {
  init(_ key: String, _ mapping: Node.Mapping, _ base: Configuration) throws {
    for (name, _) in mapping where !["min", "max", "log"].contains(name.string) {
      throw SearchError(
        .space, "\(key) has an unknown field '\(name.string ?? "?")': expected min, max and log, or layers")
    }
    guard let low = mapping["min"]?.scalar?.string, let high = mapping["max"]?.scalar?.string else {
      throw SearchError(.space, "\(key): a range needs both min and max")
    }
    _ = try base.canonical(key, low)
    _ = try base.canonical(key, high)
    guard let minimum = Double(low), let maximum = Double(high) else {
      throw SearchError(.space, "\(key) is not a number: give its values as a list")
    }
    guard minimum < maximum else {
      throw SearchError(.space, "\(key): min is \(low) and max \(high), expected min below max")
    }
    let log = mapping["log"].map { $0.bool }
    if let log, log == nil { throw SearchError(.space, "\(key): log is neither true nor false") }
    isLogarithmic = (log ?? false) ?? false
    guard !isLogarithmic || minimum > 0 else {
      throw SearchError(.space, "\(key): min is \(low), expected above 0 with log: true")
    }
    // A key that accepts both ends but not a fraction in between takes whole numbers.
    isWhole =
      [minimum, maximum].allSatisfy { $0 == $0.rounded() }
      && (try? base.canonical(key, "\(minimum + 0.5)")) == nil
    guard !isWhole || maximum < 0x1p53 else {
      throw SearchError(.space, "\(key): max is \(high), expected below 2^53 for a range")
    }
    self.minimum = minimum
    self.maximum = maximum
    try requireAllowed(key, base)
  }

  /// Checks evenly spaced values from one end to the other.
  ///
  /// Throws: `SearchError` if one is not allowed, such as 57.3 for a key that takes fractions below 1 and whole numbers.
  private func requireAllowed(_ key: String, _ base: Configuration) throws {
    for step in 0..<UInt32(1024) {
      let value = value(step << 22)
      guard (try? base.canonical(key, value)) == nil else { continue }
      throw notAllowed(key, value)
    }
  }

  /// The error for a value of the range that the configuration refuses.
  func notAllowed(_ key: String, _ value: String) -> SearchError {
    SearchError(
      .space,
      "\(key): the range from min \(minimum) to max \(maximum) holds values that \(key) cannot have, such as \(value): "
        + "list its values, or choose a range of allowed ones")
  }
}

extension Configuration {
  /// A value of `key` as the configuration prints it.
  ///
  /// - Throws: `ConfigurationError` if the key is unknown or the value is not allowed.
  func canonical(_ key: String, _ text: String) throws -> String {
    var copy = self
    try copy.set(key, text)
    return ConfigurationKey.keys(of: model).first { $0.name == key }!.get(copy)
  }
}
