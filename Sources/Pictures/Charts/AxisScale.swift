/// The scale of an axis.
package enum ScaleKind: Sendable {
  case linear, logarithmic
}

/// A labelled position on an axis.
package struct Tick: Equatable, Sendable {
  /// Where it is.
  package let value: Double
  /// The label.
  package let label: String
}

/// The range of an axis and the positions of values on it.
package struct AxisScale: Sendable {
  package let kind: ScaleKind
  /// The ends: values, or their decimal logarithms.
  private(set) var low: Double
  private(set) var high: Double
  /// The smallest and the largest value.
  private let bounds: (Double, Double)
  /// Minimum distance of ticks: 1 for counts.
  package var leastStep = 0.0
  /// The final distance of ticks.
  private var step: Step?

  /// Where an axis ends.
  package enum Ends: Sendable {
    /// At the smallest and the largest value.
    case tight
    /// Slightly beyond them.
    case loose
    /// At the ticks beyond them.
    case ticks(Int)
  }

  /// Maximum value; larger ones are clamped.
  private static let largest = 1e300

  /// An axis for values; values it cannot show (not finite, or not above 0 on a logarithmic axis) are ignored.
  ///
  /// Without values it goes from 0 to 1 (logarithmic: from 0.1 to 1); around a single value it has some margin.
  package init(
    _ kind: ScaleKind, of values: some Sequence<Double>, ends: Ends = .loose, includesZero: Bool = false
  ) {
    self.kind = kind
    var found: (Double, Double)?
    for value in values where Self.place(value, kind) != nil {
      found = found.map { (min($0.0, value), max($0.1, value)) } ?? (value, value)
    }
    bounds = found ?? (kind == .linear ? (0, 1) : (0.1, 1))
    (low, high) = (Self.place(bounds.0, kind) ?? 0, Self.place(bounds.1, kind) ?? 0)
    if kind == .linear, includesZero { (low, high) = (min(low, 0), max(high, 0)) }
    let magnitude = max(low.magnitude, high.magnitude)
    // Values that differ by less than tick labels can express count as one.
    if !(high - low > max(magnitude * 1e-9, 1 / Self.largest)) {
      let room = kind == .linear && magnitude > 1 / Self.largest ? magnitude / 2 : 0.5
      (low, high) = (low - room, high + room)
    }
    switch ends {
    case .tight: break
    case .loose:
      let room = (high - low) * 0.04
      // An axis that starts at zero does not extend below it.
      (low, high) = (low == 0 && kind == .linear ? 0 : low - room, high + room)
    case .ticks(let count):
      guard kind == .linear else {
        let room = (high - low) * 0.04
        (low, high) = (low - room, high + room)
        break
      }
      let step = Step(atLeast: (high - low) / Double(max(count, 1)))
      self.step = step
      low = step.value((low / step.size).rounded(.down))
      high = step.value((high / step.size).rounded(.up))
    }
  }

  private static func place(_ value: Double, _ kind: ScaleKind) -> Double? {
    guard value.isFinite, kind == .linear || value > 0 else { return nil }
    return kind == .linear ? min(max(value, -largest), largest) : Numerals.log10(value)
  }

  /// The position of a value: 0 at the lower end, 1 at the upper; nil if the axis cannot show it.
  package func share(_ value: Double) -> Double? {
    Self.place(value, kind).map { ($0 - low) / (high - low) }
  }

  /// Extends the axis equally at both ends.
  mutating func widen(to length: Double) {
    let room = max(0, length - (high - low)) / 2
    (low, high) = (low - room, high + room)
  }

  /// Ticks at whole multiples of 1, 2 or 5 times a power of ten, about `count` of them; on a logarithmic axis at powers
  /// of ten, and at as many multiples of them as there is room for.
  package func ticks(_ count: Int) -> [Tick] {
    let count = max(count, 1)
    guard kind == .linear else { return logarithmic(count) }
    let own = step.map { Self.linear(low, high, $0) } ?? []
    if (2...count + 2).contains(own.count) { return own }
    return Self.linear(low, high, Step(atLeast: max(leastStep, (high - low) / Double(count))))
  }

  private static func linear(_ low: Double, _ high: Double, _ count: Int) -> [Tick] {
    linear(low, high, Step(atLeast: (high - low) / Double(count)))
  }

  private static func linear(_ low: Double, _ high: Double, _ step: Step) -> [Tick] {
    // Slightly beyond the ends, to allow for rounding.
    let first = (low / step.size - 1e-9).rounded(.up)
    let last = (high / step.size + 1e-9).rounded(.down)
    guard last >= first, last - first <= 1000, max(first.magnitude, last.magnitude) < 1e15 else { return [] }
    return (Int(first)...Int(last)).map { Tick(value: step.value(Double($0)), label: step.label($0)) }
  }

  private func logarithmic(_ count: Int) -> [Tick] {
    let decades = Int(low.rounded(.down))...Int(high.rounded(.up))
    func ticks(_ factors: [Int], every: Int = 1) -> [Tick] {
      decades.filter { $0 % every == 0 }.flatMap { decade in
        factors.compactMap { factor in
          let step = Step(factor: factor, exponent: decade)
          let tick = Tick(value: step.value(1), label: step.label(1))
          guard let share = share(tick.value), share > -1e-9, share < 1 + 1e-9 else { return nil }
          return tick
        }
      }
    }
    for factors in [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 3, 5], [1, 2, 5], [1, 3], [1]] {
      let ticks = ticks(factors)
      if ticks.count <= count, ticks.count >= 2 { return ticks }
    }
    let whole = ticks([1])
    if whole.count > count { return ticks([1], every: (whole.count + count - 1) / count) }
    // Less than a factor of ten or so: as on a linear axis.
    return Self.linear(bounds.0, bounds.1, count)
  }
}

/// The distance of ticks: 1, 2 or 5 times a power of ten (any digit times it, for the ticks of logarithmic axes).
struct Step: Equatable, Sendable {
  let factor: Int
  let exponent: Int

  init(factor: Int, exponent: Int) {
    self.factor = factor
    self.exponent = exponent
  }

  /// The smallest step that is not below `size`.
  init(atLeast size: Double) {
    guard size.isFinite, size > 0 else {
      self.init(factor: 1, exponent: 0)
      return
    }
    let exponent = Numerals.floorLog10(size)
    let mantissa = Self(factor: 1, exponent: exponent).size
    let wanted = size * (1 - 1e-12)
    let factor: Int = [1, 2, 5].first { factor in Double(factor) * mantissa >= wanted } ?? 10
    self.init(factor: factor == 10 ? 1 : factor, exponent: factor == 10 ? exponent + 1 : exponent)
  }

  /// The step as a number.
  var size: Double { value(1) }

  /// A number of steps; decimal fractions by division, which rounds like their text.
  func value(_ count: Double) -> Double {
    let number = count * Double(factor)
    return exponent >= 0 ? number * Numerals.power(exponent) : number / Numerals.power(-exponent)
  }

  /// A number of steps as text: exact.
  func label(_ count: Int) -> String {
    let number = count * factor
    let digits = String(number.magnitude).count
    guard number != 0, exponent < -5 || digits + exponent > 7 else {
      return number == 0 && exponent < -5 ? "0" : Numerals.decimal(number, exponent: exponent)
    }
    let power = digits - 1 + exponent
    return Numerals.decimal(number, exponent: 1 - digits, trimmed: true) + "e\(power)"
  }
}
