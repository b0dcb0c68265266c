import Foundation
import Models
import Numerics
import Yams

/// The values of one key of a search space.
package struct Axis: Hashable, Sendable {
  /// The kinds of values.
  package enum Values: Hashable, Sendable {
    /// A list, as the configuration prints its values.
    case list([String])
    /// Widths of layers, one from each list: every combination, the first layer varying slowest. Not expanded, since a
    /// few lists have millions of combinations.
    case layers([[String]])
    /// A range of numbers.
    case range(ValueRange)
  }

  package let key: String
  package let values: Values

  /// How many values there are; nil if they cannot be counted.
  package var count: Int? {
    switch values {
    case .list(let values): values.count
    case .layers(let layers):
      layers.reduce(1) { product, layer in
        product.flatMap { product in
          let (value, overflows) = product.multipliedReportingOverflow(by: layer.count)
          return overflows ? nil : value
        }
      }
    case .range(let range): range.count
    }
  }

  /// The value for a random word.
  ///
  /// Formula: of n listed ones, or combinations of layers, the one with index ⌊w·n / 2³²⌋; of a range, see ``ValueRange/value(_:)``.
  func value(_ word: UInt32) -> String {
    switch values {
    case .range(let range): return range.value(word)
    case .list, .layers:
      let product = (UInt64(word) << 32).multipliedFullWidth(by: UInt64(count ?? .max))
      return value(at: Int(product.high))
    }
  }

  /// The value with this index, which is less than ``count``.
  func value(at index: Int) -> String {
    switch values {
    case .list(let values): return values[index]
    case .layers(let layers):
      var rest = index
      let widths = layers.reversed().map { layer in
        defer { rest /= layer.count }
        return layer[rest % layer.count]
      }
      return widths.reversed().joined(separator: ",")
    case .range: preconditionFailure("\(key) is a range, whose values have no index")
    }
  }

  /// A line that identifies this axis, for hashes and errors.
  var text: String {
    switch values {
    case .list(let values): values.joined(separator: " | ")
    // As a list if it is short, for compatibility with existing hashes.
    case .layers(let layers):
      if let count, count <= 4096 {
        (0..<count).map(value(at:)).joined(separator: " | ")
      } else {
        layers.map { "(\($0.joined(separator: " | ")))" }.joined(separator: ", ")
      }
    case .range(let range):
      "\(range.minimum) … \(range.maximum)" + (range.isLogarithmic ? " log" : "")
        + (range.isWhole ? " whole" : "")
    }
  }
}

/// The numbers from `minimum` to `maximum`.
package struct ValueRange: Hashable, Sendable {
  /// The lowest.
  package let minimum: Double
  /// The highest.
  package let maximum: Double
  /// Whether the scale is logarithmic.
  package let isLogarithmic: Bool
  /// Whether only whole numbers are used.
  package let isWhole: Bool

  var count: Int? { isWhole ? Int(maximum - minimum) + 1 : nil }

  /// The number for a random word; the same on every machine, since it does not use the C library's logarithm.
  ///
  /// Formula: with u = w × 2⁻³², x = min + u·(max − min), or min·exp(u·ln(max / min)) in binary32; whole numbers
  /// have max + 1 in place of max and are rounded down, others keep four digits.
  func value(_ word: UInt32) -> String {
    let u = Double(word) * 0x1p-32
    let top = isWhole ? maximum + 1 : maximum
    var x = minimum + u * (top - minimum)
    if isLogarithmic {
      let width = Elementary.log(Float(top)) - Elementary.log(Float(minimum))
      x = minimum * Double(Elementary.exp(Float(u) * width))
    }
    if isWhole { return "\(Int(min(max(x.rounded(.down), minimum), maximum)))" }
    let short = Double(String(format: "%.3e", x)) ?? x
    return "\(min(max(short, minimum), maximum))"
  }
}
