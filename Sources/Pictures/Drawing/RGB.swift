/// A colour in sRGB, eight bits per channel.
package struct RGB: Hashable, Sendable {
  package let red: UInt8
  package let green: UInt8
  package let blue: UInt8

  package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// `0x1F2328`.
  package init(_ hex: UInt32) {
    self.init(UInt8(hex >> 16 & 255), UInt8(hex >> 8 & 255), UInt8(hex & 255))
  }

  /// `#1f2328`.
  package var hex: String {
    let digits = [red, green, blue].map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
    return "#" + digits.joined()
  }

  /// This colour blended over another one, in sRGB, as displays do it.
  package func over(_ below: RGB, opacity: Double) -> RGB {
    func mix(_ a: UInt8, _ b: UInt8) -> UInt8 {
      let (a, b) = (Double(a), Double(b))
      return UInt8((b + (a - b) * opacity).rounded())
    }
    return RGB(mix(red, below.red), mix(green, below.green), mix(blue, below.blue))
  }

  /// Relative luminance, from 0 (black) to 1 (white), as WCAG 2 defines it.
  package var luminance: Double {
    0.2126 * Self.linear(red) + 0.7152 * Self.linear(green) + 0.0722 * Self.linear(blue)
  }

  /// Contrast as WCAG 2 defines it, from 1 to 21.
  package func contrast(to other: RGB) -> Double {
    let (a, b) = (luminance, other.luminance)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  /// The linear value of a channel: `((v + 0.055) / 1.055)^2.4`, a line near black.
  ///
  /// The power is `t² · r` with `r⁵ = t²`, by Newton's method: no function of the C library, so the same bits everywhere.
  package static func linear(_ channel: UInt8) -> Double {
    let value = Double(channel) / 255
    guard value > 0.04045 else { return value / 12.92 }
    let t = (value + 0.055) / 1.055
    let square = t * t
    var root = 1.0
    for _ in 0..<24 {
      let fourth = root * root * root * root
      root -= (root * fourth - square) / (5 * fourth)
    }
    return square * root
  }
}
