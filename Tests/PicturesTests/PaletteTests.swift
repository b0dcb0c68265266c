import Foundation
import Pictures
import Testing

/// Colours seen with full and with deficient colour vision.
@Suite("Palette")
struct PaletteTests {
  static let themes = [Theme.light, .dark]

  /// What people who lack one kind of cone see, on linear RGB: Machado, Oliveira & Fernandes, "A Physiologically-based
  /// Model for Simulation of Color Vision Deficiency" (2009), severity 1.
  static let vision: [(name: String, matrix: [[Double]])] = [
    ("full", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    (
      "protanopia",
      [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    (
      "deuteranopia",
      [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    (
      "tritanopia",
      [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
  ]

  /// CIE Lab (D65) of a colour as perceived.
  private func lab(_ colour: RGB, _ matrix: [[Double]]) -> [Double] {
    func times(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
      matrix.map { zip($0, vector).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    let light = [colour.red, colour.green, colour.blue].map { channel in
      let value = Double(channel) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    let seen = times(matrix, light).map { min(max($0, 0), 1) }
    let xyz = times(
      [
        [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
      ], seen)
    let f = zip(xyz, [0.95047, 1, 1.08883]).map { value, white in
      let t = value / white
      return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116
    }
    return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]
  }

  /// 2.3 is a just noticeable difference of large adjacent fields; small marks need about three times as much to be
  /// distinguished (Szafir 2018), and distant marks more. 20 is three times that.
  @Test("Classes can be told apart, also by the colour-blind", arguments: themes)
  func distances(_ theme: Theme) {
    for (name, matrix) in Self.vision {
      let colours = (0..<Paint.seriesCount).map { lab(theme.colour(.series($0)), matrix) }
      for (a, first) in colours.enumerated() {
        for (b, second) in colours.enumerated() where b > a {
          let distance = zip(first, second).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
          #expect(distance > 20, "\(theme.name), \(name): \(a) and \(b)")
        }
      }
    }
  }

  @Test("Words have a contrast of 4.5 or more, marks of 3", arguments: themes)
  func contrasts(_ theme: Theme) {
    let paper = theme.colour(.paper)
    let words = [Paint.ink, .muted] + (0..<Paint.seriesCount).map(Paint.name)
    for paint in words { #expect(theme.colour(paint).contrast(to: paper) >= 4.5, "\(theme.name) \(paint)") }
    let marks = [Paint.accent, .fault, .axis] + (0..<Paint.seriesCount).map(Paint.series)
    for paint in marks { #expect(theme.colour(paint).contrast(to: paper) >= 3, "\(theme.name) \(paint)") }
    let levels = (0..<Paint.levels).map { theme.colour(.level($0)).contrast(to: paper) }
    #expect(levels.first! > 2.5 && levels == levels.sorted(), "\(theme.name): a higher level stands out more")
  }

  @Test("Numbers can be read on every shade of a heat map", arguments: themes)
  func cells(_ theme: Theme) {
    for base in [Paint.accent, .fault] {
      for step in 0...100 {
        let opacity = Double(step) / 100
        let cell = theme.colour(base).over(theme.colour(.paper), opacity: opacity)
        #expect(
          theme.colour(.on(base, opacity: opacity)).contrast(to: cell) >= 4.5,
          "\(theme.name) \(base) \(opacity)")
      }
    }
  }

  @Test("Light of a channel is what its formula says")
  func luminance() {
    for channel in UInt8.min ... .max {
      let value = Double(channel) / 255
      let expected = value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
      #expect(abs(RGB.linear(channel) - expected) < 1e-14)
    }
    #expect(RGB(0xFFFFFF).contrast(to: RGB(0x000000)) == 21 && RGB(0x1F2328).hex == "#1f2328")
  }
}
