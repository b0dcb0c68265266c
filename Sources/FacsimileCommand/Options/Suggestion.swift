import Numerics

/// Parses the value of an option.
///
/// Throws: `UsageError` that lists what is allowed and names the nearest.
func choice<Value: RawRepresentable<String> & CaseIterable>(
  _ option: String, _ text: String, _: Value.Type = Value.self
) throws -> Value {
  if let value = Value(rawValue: text) { return value }
  let names = Value.allCases.map(\.rawValue)
  throw UsageError(
    "\(option) is '\(text)'\(didYouMean(text, among: names)): expected one of \(names.joined(separator: ", "))"
  )
}
