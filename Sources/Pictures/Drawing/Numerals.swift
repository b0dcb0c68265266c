/// Number formatting for drawings: the same characters in every language and on every machine.
package enum Numerals {
  /// A coordinate: at most two decimals, no trailing zeros, never `-0`.
  static func coordinate(_ value: Double, places: Int = 2) -> String {
    let limit = 1e6
    let factor = power(places)
    let scaled = Int((min(max(value, -limit), limit) * factor).rounded())
    return decimal(scaled, exponent: -places, grouped: false, trimmed: true)
  }

  /// With a number of decimals: `fixed(0.0158, 3)` is `0.016`; `–` for a value that is not finite.
  package static func fixed(_ value: Double, _ places: Int) -> String {
    let scaled = (value * power(places)).rounded()
    guard scaled.magnitude < 1e17 else { return value.isFinite ? significant(value, 4) : "–" }
    return decimal(Int(scaled), exponent: -places)
  }

  /// With a number of significant digits: `significant(0.015812, 3)` is `0.0158`, `significant(12345, 3)` is `12,345`.
  package static func significant(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "–" }
    guard value != 0 else { return "0" }
    let exponent = floorLog10(value.magnitude)
    if exponent >= -5, exponent < 15 { return fixed(value, max(0, digits - 1 - exponent)) }
    var scaled = value.magnitude
    var left = exponent
    // In steps that stay finite.
    while left > 0 { scaled /= 10; left -= 1 }
    while left < 0 { scaled *= 10; left += 1 }
    let sign = value < 0 ? "-" : ""
    return sign + decimal(Int((scaled * power(digits - 1)).rounded()), exponent: 1 - digits) + "e\(exponent)"
  }

  /// `number · 10^exponent` in full, exactly: by digits, without arithmetic in floating point.
  static func decimal(_ number: Int, exponent: Int, grouped: Bool = true, trimmed: Bool = false) -> String {
    var digits = String(number.magnitude)
    if exponent > 0, number != 0 { digits += String(repeating: "0", count: exponent) }
    let places = max(0, -exponent)
    if digits.count <= places { digits = String(repeating: "0", count: places + 1 - digits.count) + digits }
    var whole = String(digits.dropLast(places))
    var fraction = String(digits.suffix(places))
    if trimmed { while fraction.last == "0" { fraction.removeLast() } }
    if grouped { whole = self.grouped(whole) }
    let text = fraction.isEmpty ? whole : whole + "." + fraction
    return number < 0 && text.contains { ("1"..."9").contains($0) } ? "-" + text : text
  }

  /// A comma between thousands.
  static func grouped(_ digits: String) -> String {
    var text = ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// The largest e with `10^e ≤ value`, for a finite value above 0.
  static func floorLog10(_ value: Double) -> Int {
    var rest = value
    var exponent = 0
    while rest >= 10 { rest /= 10; exponent += 1 }
    while rest < 1 { rest *= 10; exponent -= 1 }
    return exponent
  }

  /// `10^exponent`, exact up to 10²².
  static func power(_ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<exponent.magnitude { result *= 10 }
    return exponent < 0 ? 1 / result : result
  }

  /// The decimal logarithm of a normal or subnormal value above 0, to about 2 ULP.
  ///
  /// `value = m·2^k` with m between √½ and √2 (exact), then `ln m = 2·artanh((m − 1)/(m + 1))` by its series.
  package static func log10(_ value: Double) -> Double {
    var m = value.significand
    var k = Double(value.exponent)
    if m > 1.4142135623730951 {
      m *= 0.5
      k += 1
    }
    let s = (m - 1) / (m + 1)
    let z = s * s
    var sum = 0.0
    for n in stride(from: 25, through: 1, by: -2) { sum = sum * z + 1 / Double(n) }
    return (k * 0.6931471805599453 + 2 * s * sum) / 2.302585092994046
  }
}
