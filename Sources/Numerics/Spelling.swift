/// The name among `names` most similar to `text`, ignoring case and word separators; nil if none
/// is similar.
package func nearest(to text: String, among names: [String]) -> String? {
  let text = text.lowercased().replacing("_", with: "-")
  let near = names.map { ($0, distance(text, $0.lowercased().replacing("_", with: "-"))) }.min { $0.1 < $1.1 }
  return near.flatMap { $1 <= max(1, $0.count / 3) && $1 < text.count ? $0 : nil }
}

/// ` (did you mean mnist?)`, or empty if no name is similar.
package func didYouMean(_ text: String, among names: [String]) -> String {
  nearest(to: text, among: names).map { " (did you mean \($0)?)" } ?? ""
}

/// Letters to insert, remove, change or swap with their neighbour to turn `a` into `b` (Damerau & Levenshtein, no
/// letter changed twice).
private func distance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a), Array(b))
  var rows = [Array(0...b.count)]
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var least = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
      row.append(least)
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}

/// `1 image`, `12,345 images`; `many` for irregular plurals.
package func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
  let digits = Array(String(abs(count)))
  var text = count < 0 ? "-" : ""
  for (place, digit) in digits.enumerated() {
    if place > 0, (digits.count - place) % 3 == 0 { text += "," }
    text.append(digit)
  }
  return "\(text) \(count == 1 ? one : many ?? one + "s")"
}
