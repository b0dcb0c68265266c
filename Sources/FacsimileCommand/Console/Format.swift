import Foundation

/// Locale-independent formatting of figures.
enum Format {
  /// `12,345`
  static func count(_ value: Int) -> String {
    let digits = Array(String(abs(value)))
    var text = ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + text
  }

  /// `12,345 images/s`
  static func rate(_ imagesPerSecond: Double) -> String {
    guard imagesPerSecond.isFinite, imagesPerSecond < 1e15 else { return "– images/s" }
    return "\(count(Int(imagesPerSecond.rounded()))) images/s"
  }

  /// `fixed(0.013456, 5)` is `0.01346`.
  static func fixed(_ value: Double, _ places: Int) -> String {
    String(format: "%.\(places)f", locale: Locale(identifier: "en_US_POSIX"), value)
  }

  /// Five significant digits: enough to see an epoch's progress at any size of loss.
  static func loss(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value.isNaN ? "nan" : "\(value)" }
    let whole = Int(floor(log10(abs(value)))) + 1
    return fixed(value, min(max(5 - whole, 1), 8))
  }

  /// `1:02:03`, `4:05`, or `3.2 s`
  static func time(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "–" }
    if seconds < 60 { return "\(fixed(seconds, 1)) s" }
    let whole = Int(seconds.rounded())
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }

  /// `47.0 MB`
  static func bytes(_ value: Int) -> String { "\(fixed(Double(value) / 1e6, 1)) MB" }

  /// `━━━━────`
  static func bar(_ share: Double, width: Int = 24) -> String {
    let done = Int((min(max(share, 0), 1) * Double(width)).rounded(.down))
    return String(repeating: "━", count: done) + String(repeating: "─", count: width - done)
  }

  /// Columns of figures right-aligned, all others left-aligned, two spaces between columns.
  static func table(_ rows: [[String]], right: Set<Int> = []) -> String {
    guard let first = rows.first else { return "" }
    let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return right.contains(column) ? padding + cell : cell + padding
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  /// `loss 0.01346 · accuracy 98.70 %`: the loss first, the others by name.
  static func metrics(_ metrics: [String: Double]) -> String {
    let names = metrics.keys.filter { $0 != "loss" && !$0.contains("-") }.sorted()
    return ((metrics["loss"] == nil ? [] : ["loss"]) + names).map { name in
      "\(title(name)) \(metric(name, metrics[name] ?? .nan))"
    }.joined(separator: " · ")
  }

  /// The display name of a metric.
  static func title(_ name: String) -> String {
    switch name {
    case "elbo": "ELBO"
    case "kl_divergence": "KL divergence"
    case "log_likelihood": "log-likelihood"
    default: name.replacing("_", with: " ")
    }
  }

  /// The most informative metric besides the loss, for an epoch's line; empty if there is none.
  static func detail(_ metrics: [String: Double]) -> String {
    if let accuracy = metrics["accuracy"] { return " (\(metric("accuracy", accuracy)))" }
    return metrics["kl_divergence"].map { " (KL \(loss($0)))" } ?? ""
  }

  /// An accuracy in per cent, any other metric as a loss.
  static func metric(_ name: String, _ value: Double) -> String {
    name == "accuracy" ? "\(fixed(100 * value, 2)) %" : loss(value)
  }
}
