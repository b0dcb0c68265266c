/// Splits a `key=value` of `--set`.
///
/// Throws: `UsageError`.
func keyValue(_ setting: String) throws -> (key: String, value: String) {
  let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
  guard parts.count == 2, !parts[0].isEmpty else {
    throw UsageError("--set '\(setting)': expected key=value, such as latent=4")
  }
  return (String(parts[0]), String(parts[1]))
}
