import Models

/// A `key=value` of `--set`, cut in two.
///
/// Throws: `UsageError`.
func keyValue(_ setting: String) throws -> (key: String, value: String) {
  let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
  guard parts.count == 2, !parts[0].isEmpty else {
    throw UsageError("--set '\(setting)': expected key=value, such as latent=4")
  }
  return (String(parts[0]), String(parts[1]))
}

extension Configuration {
  /// The model's defaults with these settings, `key=value` each.
  ///
  /// Throws: `ConfigurationError`, `UsageError`.
  init(_ model: ModelKind, settings: [String]) throws {
    self.init(model)
    for setting in settings {
      let (key, value) = try keyValue(setting)
      try set(key, value)
    }
    try validate()
  }
}
