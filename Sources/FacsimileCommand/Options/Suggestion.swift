/// The name among `names` that was probably meant by `text`; nil where none is near.
func suggestion(for text: String, among names: [String]) -> String? {
  let near = names.map { ($0, distance(text.lowercased(), $0)) }.min { $0.1 < $1.1 }
  return near.flatMap { $1 <= max(1, $0.count / 3) ? $0 : nil }
}

/// Letters to insert, take away or change to make `a` of `b` (Levenshtein).
private func distance(_ a: String, _ b: String) -> Int {
  let b = Array(b)
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let changed = diagonal + (letter == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(changed, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}

/// A choice of a command's option, from its text.
///
/// Throws: `UsageError` that lists what is allowed and names the nearest.
func choice<Value: RawRepresentable<String> & CaseIterable>(
  _ option: String, _ text: String, _: Value.Type = Value.self
) throws -> Value {
  if let value = Value(rawValue: text) { return value }
  let names = Value.allCases.map(\.rawValue)
  let meant = suggestion(for: text, among: names).map { " (did you mean \($0)?)" } ?? ""
  throw UsageError("\(option) is '\(text)': expected one of \(names.joined(separator: ", "))\(meant)")
}
